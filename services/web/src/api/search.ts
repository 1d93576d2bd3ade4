import type { SearchSettings } from '../lib/search-params'
import { ask } from './ask'
import { unknownFilters, type Found, type SearchAnswer, type SearchRequest } from './client'

/** As many as the gateway gives at once. */
const MOST_AT_ONCE = 100
/** As many values of a field as the gateway counts. */
export const MOST_VALUES = 100

type Terms = NonNullable<SearchRequest['terms']>
type Filters = NonNullable<SearchRequest['filters']>

export async function search(settings: SearchSettings, signal: AbortSignal): Promise<Found> {
  const k = Math.min(MOST_AT_ONCE, Math.max(settings.k, settings.shown))
  let answer = await askWithKnownFilters({ ...toRequest(settings), k }, signal)
  // Whoever loads the page again finds as many results as before.
  while (answer.cursor && answer.results.length < settings.shown)
    answer = joined(answer, await searchOn(answer.cursor, MOST_AT_ONCE, signal))
  return answer
}

type Request = ReturnType<typeof toRequest> & { k: number }

/** An address may be of another catalogue, or of one that has changed: what it cannot be filtered by is left out. */
async function askWithKnownFilters(request: Request, signal: AbortSignal): Promise<Found> {
  try {
    return await ask(request, signal)
  } catch (error) {
    const unknown = unknownFilters(error)
    if (unknown.length === 0) throw error
    const { attributes } = request.filters
    const known = Object.fromEntries(Object.entries(attributes ?? {}).filter(([name]) => !unknown.includes(name)))
    const answer = await ask({ ...request, filters: { ...request.filters, attributes: known } }, signal)
    return { ...answer, unknown }
  }
}

/** The page after the one that answered with this cursor. */
export async function searchOn(cursor: string, k: number, signal: AbortSignal): Promise<SearchAnswer> {
  return ask({ cursor, k }, signal)
}

/** A catalogue that changed between two pages may give a product twice; it is shown once. */
export function joined(before: Found, next: SearchAnswer): Found {
  const known = new Set(before.results.map(({ product_id }) => product_id))
  const fresh = next.results.filter(({ product_id }) => !known.has(product_id))
  return { ...before, results: [...before.results, ...fresh], cursor: next.cursor ?? null }
}

export function toRequest(settings: SearchSettings): Partial<SearchRequest> & { filters: Filters } {
  const { words } = settings
  return {
    query: settings.query || null,
    terms: toTerms(settings),
    k: settings.k,
    threshold: settings.threshold,
    cutoff: settings.weak ? 'off' : 'auto',
    rewrite: settings.rewrite,
    interpret: !settings.exact,
    keep_category: !settings.everywhere,
    weights: words === null ? null : { text: words, image: round(1 - words) },
    group_variants: !settings.variants,
    sort: settings.sort,
    filters: toFilters(settings),
    facets: ['*'],
    facet_values: MOST_VALUES,
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
