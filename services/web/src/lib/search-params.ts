/** The address is the only state of a search: this file is its one codec. Defaults are left out. */

export interface SearchSettings {
  query: string
  /** True while a picture is searched with; the picture itself is too large for an address. */
  picture: boolean
  k: number
  /** Least cosine similarity shown; null shows all. */
  threshold: number | null
  /** Weight of the words of a product, 0..1, against its look; null leaves it to the service. */
  words: number | null
  rewrite: boolean
}

export const K_CHOICES = [10, 20, 50, 100] as const

export const DEFAULTS: SearchSettings = {
  query: '',
  picture: false,
  k: 20,
  threshold: null,
  words: null,
  rewrite: true,
}

export function readSettings(parameters: URLSearchParams): SearchSettings {
  const k = number(parameters.get('k'), 1, 100)
  return {
    query: (parameters.get('q') ?? '').slice(0, 1000),
    picture: parameters.get('by') === 'picture',
    k: k === null ? DEFAULTS.k : Math.round(k),
    threshold: number(parameters.get('least'), -1, 1),
    words: number(parameters.get('words'), 0, 1),
    rewrite: parameters.get('rewrite') !== 'off',
  }
}

export function writeSettings(settings: SearchSettings): URLSearchParams {
  const parameters = new URLSearchParams()
  if (settings.query) parameters.set('q', settings.query)
  if (settings.picture) parameters.set('by', 'picture')
  if (settings.k !== DEFAULTS.k) parameters.set('k', String(settings.k))
  if (settings.threshold !== null) parameters.set('least', String(settings.threshold))
  if (settings.words !== null) parameters.set('words', String(settings.words))
  if (!settings.rewrite) parameters.set('rewrite', 'off')
  return parameters
}

function number(text: string | null, least: number, most: number): number | null {
  if (text === null || text.trim() === '') return null
  const value = Number(text)
  return Number.isFinite(value) && value >= least && value <= most ? value : null
}
