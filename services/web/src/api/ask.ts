import { http, type SearchAnswer, type SearchRequest } from './client'

/** One search; without a question it browses. */
export async function ask(request: Partial<SearchRequest>, signal: AbortSignal): Promise<SearchAnswer> {
  return (await http.post<SearchAnswer>('/search', request, { signal })).data
}
