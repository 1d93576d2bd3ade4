import { http } from './client'
import type { components } from './schema'

export type Suggestions = components['schemas']['Suggestions']
export type SuggestedProduct = components['schemas']['SuggestedProduct']

const MOST = 6

/** Completions of what is typed, and products that match it. */
export async function getSuggestions(typed: string, signal: AbortSignal): Promise<Suggestions> {
  return (await http.get<Suggestions>('/suggest', { params: { q: typed, limit: MOST }, signal })).data
}
