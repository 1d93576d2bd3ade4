import type { SearchSettings } from '../lib/search-params'
import { http, type SearchAnswer, type SearchRequest } from './client'

type Terms = NonNullable<SearchRequest['terms']>
type Filters = NonNullable<SearchRequest['filters']>

export async function search(settings: SearchSettings, signal: AbortSignal): Promise<SearchAnswer> {
  return (await http.post<SearchAnswer>('/search', toRequest(settings), { signal })).data
}

/** The page after the one that answered with this cursor. */
export async function searchOn(cursor: string, k: number, signal: AbortSignal): Promise<SearchAnswer> {
  return (await http.post<SearchAnswer>('/search', { cursor, k }, { signal })).data
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
    weights: words === null ? null : { text: words, image: round(1 - words) },
    group_variants: !settings.variants,
    sort: settings.sort,
    filters: toFilters(settings),
    facets: ['*'],
  }
}

function toTerms({ picture, like, without, lean, query }: SearchSettings): Terms {
  // The words of the query always weigh 1; what it is leant on says how much a picture counts beside them.
  const weight = query ? round(lean / (1 - lean)) : 1
  return [
    ...(picture ? [{ picture_id: picture, weight }] : []),
    ...like.map((product_id) => ({ product_id, weight })),
    ...without.map((text) => ({ text, weight: UNLIKE })),
  ]
}

/** Enough to push what was named down the list, not so much that it drowns what is sought. */
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
