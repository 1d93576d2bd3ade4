import type { SearchSettings } from '../lib/search-params'
import { ask } from './ask'
import type { SearchAnswer, SearchRequest } from './client'

/** As many as the gateway gives at once. */
const MOST_AT_ONCE = 100

type Terms = NonNullable<SearchRequest['terms']>
type Filters = NonNullable<SearchRequest['filters']>

export async function search(settings: SearchSettings, signal: AbortSignal): Promise<SearchAnswer> {
  const request = { ...toRequest(settings), k: Math.min(MOST_AT_ONCE, Math.max(settings.k, settings.shown)) }
  let answer = await ask(request, signal)
  // Whoever loads the page again finds as many results as before.
  while (answer.cursor && answer.results.length < settings.shown)
    answer = joined(answer, await searchOn(answer.cursor, MOST_AT_ONCE, signal))
  return answer
}

/** The page after the one that answered with this cursor. */
export async function searchOn(cursor: string, k: number, signal: AbortSignal): Promise<SearchAnswer> {
  return ask({ cursor, k }, signal)
}

/** A catalogue that changed between two pages may give a product twice; it is shown once. */
export function joined(before: SearchAnswer, next: SearchAnswer): SearchAnswer {
  const known = new Set(before.results.map(({ product_id }) => product_id))
  const fresh = next.results.filter(({ product_id }) => !known.has(product_id))
  return { ...before, results: [...before.results, ...fresh], cursor: next.cursor ?? null }
}

export function toRequest(settings: SearchSettings): Partial<SearchRequest> {
  const { words } = settings
  return {
    query: settings.query || null,
    terms: toTerms(settings),
    k: settings.k,
    threshold: settings.threshold,
    cutoff: settings.weak ? 'off' : 'auto',
    rewrite: settings.rewrite,
    interpret: !settings.exact,
    weights: words === null ? null : { text: words, image: round(1 - words) },
    group_variants: !settings.variants,
    sort: settings.sort,
    filters: toFilters(settings),
    facets: ['*'],
  }
}

function toTerms({ picture, like, unlike, lean, query }: SearchSettings): Terms {
  // The words of the query always weigh 1; what it is leant on says how much a picture counts beside them.
  const weight = query ? round(lean / (1 - lean)) : 1
  return [
    ...(picture ? [{ picture_id: picture, weight }] : []),
    ...like.map((product_id) => ({ product_id, weight })),
    ...unlike.map((product_id) => ({ product_id, weight: UNLIKE })),
  ]
}

/** Enough to push what is like the product down the list, but not to outweigh the query. */
const UNLIKE = -0.5

function toFilters({ filters, inStock, price }: SearchSettings): Filters {
  const { category, brand, color, ...attributes } = filters
  const { min, max } = price
  return {
    category: category ?? null,
    brand: brand ?? null,
    color: color ?? null,
    in_stock: inStock ? true : null,
    price: min === null && max === null ? null : { min, max },
    attributes,
  }
}

const round = (value: number): number => Number(value.toFixed(4))
