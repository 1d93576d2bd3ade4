import type { SearchSettings } from '../lib/search-params'
import { http, type SearchAnswer } from './client'

export async function searchByPicture(
  picture: File,
  settings: SearchSettings,
  signal: AbortSignal,
): Promise<SearchAnswer> {
  const form = new FormData()
  form.set('image', picture)
  form.set('k', String(settings.k))
  if (settings.threshold !== null) form.set('threshold', String(settings.threshold))
  return (await http.post<SearchAnswer>('/predict-image', form, { signal })).data
}
