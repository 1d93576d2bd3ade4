import { label, LEVEL } from '../lib/categories'
import { ask } from './ask'
import { http, type ScoredProduct } from './client'
import type { components } from './schema'

/** Facts of the loaded catalogue for the first visit. */
export interface Catalogue {
  tiles: Tile[]
  /** Words that find something good, in the catalogue's own language. */
  examples: string[]
}

/** A category, with the product that stands for it. */
export interface Tile {
  category: string
  name: string
  count: number
  product: ScoredProduct
}

const MOST_TILES = 6
const MOST_EXAMPLES = 6
/** Some have no picture, and are not shown. */
const CANDIDATES = 12

export async function getCatalogue(signal: AbortSignal): Promise<Catalogue> {
  const { facets } = await ask({ k: 1, facets: ['category'], facet_values: 100 }, signal)
  const candidates = spread(facets?.fields['category'] ?? [])
  if (candidates.length === 0) return { tiles: [], examples: [] }
  const best = await bestOf(
    candidates.map(({ value }) => ({ query: words(value), filters: { category: [value] }, cutoff: 'off' as const })),
    signal,
  )
  const tiles = candidates
    .flatMap(({ value, count }, at) => {
      const product = best[at]
      return product?.image_url ? [{ category: value, name: label(value), count, product }] : []
    })
    .slice(0, MOST_TILES)
  return { tiles, examples: await examplesOf(tiles, signal) }
}

/** Each tile in more words: the colour and the pattern of its product. Those that find its category, strongly. */
async function examplesOf(tiles: Tile[], signal: AbortSignal): Promise<string[]> {
  if (tiles.length === 0) return []
  const queries = tiles.map(({ category, product: { attributes = {} } }) =>
    [attributes['color'], attributes['pattern'], words(category)].filter(Boolean).join(' ').toLowerCase(),
  )
  const best = await bestOf(
    queries.map((query) => ({ query })),
    signal,
  )
  const finds = (at: number) => {
    const [category, product] = [tiles[at]?.category ?? '', best[at]]
    const found = product?.category ?? ''
    return product?.strength === 'strong' && (found === category || found.startsWith(category + LEVEL))
  }
  return [...new Set(queries.filter((_, at) => finds(at)))].slice(0, MOST_EXAMPLES)
}

type Search = { query: string; filters?: { category: string[] }; cutoff?: 'off' }

/** The best product for each; null where there is none. */
async function bestOf(searches: Search[], signal: AbortSignal): Promise<(ScoredProduct | null)[]> {
  const body = { searches: searches.map((search) => ({ ...search, k: 1, rewrite: false })) }
  const answer = await http.post<components['schemas']['BatchSearchResponse']>('/search/batch', body, { signal })
  return answer.data.answers.map(({ results: [best] }) => best ?? null)
}

/** The largest categories below each of the top ones, in turn, so that all of the catalogue is seen. */
export function spread<One extends { value: string; count: number }>(categories: readonly One[]): One[] {
  const isParent = (one: One) => categories.some(({ value }) => value.startsWith(one.value + LEVEL))
  const depth = (one: One) => one.value.split(LEVEL).length
  // The second level is what shops call a department; a catalogue of one level has only that.
  const wanted = categories.filter((one) => depth(one) === 2 || (depth(one) === 1 && !isParent(one)))
  const shelves = new Map<string, One[]>()
  for (const one of wanted) shelves.set(topOf(one), [...(shelves.get(topOf(one)) ?? []), one])
  const rows = [...shelves.values()]
  const longest = Math.max(0, ...rows.map((row) => row.length))
  return Array.from({ length: longest }, (_, at) => rows.flatMap((row) => row[at] ?? []))
    .flat()
    .slice(0, CANDIDATES)
}

const topOf = ({ value }: { value: string }): string => value.split(LEVEL)[0] ?? value
const words = (category: string): string => label(category).toLowerCase()
