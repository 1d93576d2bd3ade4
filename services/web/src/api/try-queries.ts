import { http, type ScoredProduct } from './client'
import type { components } from './schema'

/** The best product for each of these words; null where the catalogue has no good match. */
export async function tryQueries(
  queries: readonly string[],
  signal: AbortSignal,
): Promise<(ScoredProduct | null)[]> {
  const body = { searches: queries.map((query) => ({ query, k: 1, rewrite: false })) }
  const answer = await http.post<components['schemas']['BatchSearchResponse']>('/search/batch', body, {
    signal,
  })
  return answer.data.answers.map(({ results: [best] }) => (best?.strength === 'strong' ? best : null))
}
