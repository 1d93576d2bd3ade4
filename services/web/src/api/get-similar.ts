import { http, type ScoredProduct, type SearchAnswer } from './client'

/** Basis of the similarity: pictures or words. */
export type Likeness = 'look' | 'words'

export async function getSimilar(
  id: string,
  by: Likeness,
  k: number,
  signal: AbortSignal,
): Promise<ScoredProduct[]> {
  const path = `/products/${encodeURIComponent(id)}/similar`
  return (await http.get<SearchAnswer>(path, { params: { by, k }, signal })).data.results
}
