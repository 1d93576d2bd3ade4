import type { SearchSettings } from '../lib/search-params'
import { http, type SearchAnswer } from './client'
import type { components } from './schema'

export async function searchByWords(
  settings: SearchSettings,
  signal: AbortSignal,
): Promise<SearchAnswer> {
  const body: components['schemas']['PredictRequest'] = {
    query: settings.query,
    k: settings.k,
    threshold: settings.threshold,
    rewrite: settings.rewrite,
    weights: settings.words === null ? null : { text: settings.words, image: 1 - settings.words },
  }
  return (await http.post<SearchAnswer>('/predict', body, { signal })).data
}
