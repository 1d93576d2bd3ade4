/** The address is the only state of a search: this file is its one codec. Defaults are left out. */

export const SORTS = ['relevance', 'price_asc', 'price_desc'] as const
export type Sort = (typeof SORTS)[number]

export interface SearchSettings {
  query: string
  /** The gateway's id of a picture, valid for about a week. */
  picture: string | null
  /** The picture itself, tiny, for those who are sent the address: a JPEG file in base64url. */
  look: string | null
  /** Products of the catalogue to be like. */
  like: string[]
  /** Products of the catalogue to be unlike. */
  unlike: string[]
  /** Weight of the picture, or of the products to be like, beside the query's words, 0.1..0.9. */
  lean: number
  /** Results at a time (`top_k`). */
  k: number
  /** Least cosine similarity shown; null shows all. */
  threshold: number | null
  /** Weight of the words of a product, 0..1, against its look; null leaves it to the service. */
  words: number | null
  rewrite: boolean
  /** Searches for the words as they are: no typo is corrected, and no limit is read from them. */
  exact: boolean
  /** Words beside a picture search all products, not only those of the picture's category. */
  everywhere: boolean
  /** Also shows products that are no good match. */
  weak: boolean
  /** Shows each variant of a product. */
  variants: boolean
  sort: Sort
  /** Values by field: category, brand, color and what else the catalogue can be filtered by. */
  filters: Record<string, string[]>
  inStock: boolean
  price: { min: number | null; max: number | null }
  /** Number of results loaded, page by page; 0 for the first page alone. */
  shown: number
}

export const K_CHOICES = [10, 20, 50, 100] as const
/** As many as the gateway takes. */
export const MOST_LIKE = 3
export const MOST_UNLIKE = 3

export const DEFAULTS: SearchSettings = {
  query: '',
  picture: null,
  look: null,
  like: [],
  unlike: [],
  lean: 0.5,
  k: 20,
  threshold: null,
  words: null,
  rewrite: true,
  exact: false,
  everywhere: false,
  weak: false,
  variants: false,
  sort: 'relevance',
  filters: {},
  inStock: false,
  price: { min: null, max: null },
  shown: 0,
}

const FILTER = 'f.'
const MOST_VALUES = 100
/** An address stays short enough for every server on its way. */
export const MOST_LOOK = 2_000
/** The service looks no further. */
const MOST_SHOWN = 1000

export function readSettings(parameters: URLSearchParams): SearchSettings {
  const k = number(parameters.get('k'), 1, 100)
  const min = number(parameters.get('min'), 0, Number.MAX_VALUE)
  const max = number(parameters.get('max'), 0, Number.MAX_VALUE)
  const picture = token(parameters.get('picture'), 4096)
  return {
    query: text(parameters.get('q'), 1000),
    picture,
    look: picture && token(parameters.get('look'), MOST_LOOK),
    like: list(parameters, 'like', MOST_LIKE, 128),
    unlike: list(parameters, 'unlike', MOST_UNLIKE, 128),
    lean: number(parameters.get('lean'), 0.1, 0.9) ?? DEFAULTS.lean,
    k: k === null ? DEFAULTS.k : Math.round(k),
    threshold: number(parameters.get('least'), -1, 1),
    words: number(parameters.get('words'), 0, 1),
    rewrite: parameters.get('rewrite') !== 'off',
    exact: parameters.get('exact') === 'on',
    everywhere: parameters.get('everywhere') === 'on',
    weak: parameters.get('weak') === 'on',
    variants: parameters.get('variants') === 'on',
    sort: SORTS.find((one) => one === parameters.get('sort')) ?? DEFAULTS.sort,
    filters: readFilters(parameters),
    inStock: parameters.get('stock') === 'on',
    // A range that nothing can be in says nothing.
    price: min !== null && max !== null && min > max ? { min, max: null } : { min, max },
    shown: Math.round(number(parameters.get('shown'), 0, MOST_SHOWN) ?? 0),
  }
}

export function writeSettings(settings: SearchSettings): URLSearchParams {
  const parameters = new URLSearchParams()
  const set = (name: string, value: string | number | boolean, usual: unknown) => {
    if (value !== usual) parameters.set(name, typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value))
  }
  set('q', settings.query, '')
  for (const id of settings.like) parameters.append('like', id)
  for (const id of settings.unlike) parameters.append('unlike', id)
  set('lean', settings.lean, DEFAULTS.lean)
  set('k', settings.k, DEFAULTS.k)
  if (settings.threshold !== null) parameters.set('least', String(settings.threshold))
  if (settings.words !== null) parameters.set('words', String(settings.words))
  set('rewrite', settings.rewrite, DEFAULTS.rewrite)
  set('exact', settings.exact, DEFAULTS.exact)
  set('everywhere', settings.everywhere, DEFAULTS.everywhere)
  set('weak', settings.weak, DEFAULTS.weak)
  set('variants', settings.variants, DEFAULTS.variants)
  set('sort', settings.sort, DEFAULTS.sort)
  for (const [field, values] of Object.entries(settings.filters))
    for (const value of values) parameters.append(FILTER + field, value)
  set('stock', settings.inStock, DEFAULTS.inStock)
  if (settings.price.min !== null) parameters.set('min', String(settings.price.min))
  if (settings.price.max !== null) parameters.set('max', String(settings.price.max))
  set('shown', settings.shown, DEFAULTS.shown)
  // Last, since it is long: what a person may want to read of an address comes first.
  if (settings.picture) {
    parameters.set('picture', settings.picture)
    if (settings.look) parameters.set('look', settings.look)
  }
  return parameters
}

/** True if words, a picture or a product are given to rank by. */
export const hasQuestion = ({ query, picture, like }: SearchSettings): boolean =>
  query !== '' || picture !== null || like.length > 0

/** True if there is anything to show: answers to a query, or products that pass the filters. */
export const asksForSomething = (settings: SearchSettings): boolean =>
  hasQuestion(settings) || countFilters(settings) > 0

/** The address of all products of a category. */
export const browseAddress = (category: string): string =>
  `/?${writeSettings({ ...DEFAULTS, filters: { category: [category] } }).toString()}`

/** Settings with every filter taken away. */
export const NO_FILTERS = {
  filters: DEFAULTS.filters,
  inStock: DEFAULTS.inStock,
  price: DEFAULTS.price,
} as const

/** Settings without the filters of these fields. */
export function withoutFilters(settings: SearchSettings, fields: readonly string[] = []): SearchSettings {
  if (fields.length === 0) return settings
  const filters = Object.fromEntries(Object.entries(settings.filters).filter(([field]) => !fields.includes(field)))
  return { ...settings, filters }
}

export const countFilters = ({ filters, inStock, price }: SearchSettings): number =>
  Object.values(filters).flat().length + Number(inStock) + Number(price.min !== null || price.max !== null)

function readFilters(parameters: URLSearchParams): SearchSettings['filters'] {
  const fields = [...new Set(parameters.keys())].filter(
    (name) => name.startsWith(FILTER) && name.length > FILTER.length && name.length <= FILTER.length + 64,
  )
  const filters: SearchSettings['filters'] = Object.fromEntries(
    fields.map((name) => [name.slice(FILTER.length), list(parameters, name, MOST_VALUES, 256)] as const),
  )
  return Object.fromEntries(Object.entries(filters).filter(([, values]) => values.length > 0))
}

/** Text of base64url, as ids are. */
const token = (value: string | null, most: number): string | null =>
  value !== null && value.length <= most && /^[\w-]+$/.test(value) ? value : null

const text = (value: string | null, most: number): string => (value ?? '').trim().slice(0, most)

function list(parameters: URLSearchParams, name: string, most: number, length: number): string[] {
  const values = parameters.getAll(name).map((value) => text(value, length))
  return [...new Set(values.filter(Boolean))].slice(0, most)
}

function number(value: string | null, least: number, most: number): number | null {
  if (value === null || value.trim() === '') return null
  const read = Number(value)
  return Number.isFinite(read) && read >= least && read <= most ? read : null
}
