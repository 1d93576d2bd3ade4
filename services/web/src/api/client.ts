import axios, { isAxiosError } from 'axios'

import { ROOT_PATH } from '../lib/root-path'
import { toBaseUrl } from './base-url'
import type { components } from './schema'
import { send } from './send'

type Schemas = components['schemas']
export type Product = Schemas['Product']
export type ScoredProduct = Schemas['ScoredProduct']
export type SearchAnswer = Schemas['SearchResponse']
export type SearchRequest = Schemas['SearchRequest']
export type Facets = Schemas['Facets']

/** An answer, with the filters of the search that the catalogue does not know and that it was given without. */
export type Found = SearchAnswer & { unknown?: string[] }

const BASE_URL = toBaseUrl(import.meta.env['VITE_API_URL']) || ROOT_PATH

export const http = axios.create({ baseURL: BASE_URL, timeout: 20_000, adapter: send })

/** A failure, in the terms that the page shows. */
export interface Failure {
  kind: 'offline' | 'slow' | 'busy' | 'missing' | 'expired' | 'refused' | 'broken'
  detail: string | null
  requestId: string | null
  /** True if the same request may succeed in a moment: the service starts again, or a connection was lost. */
  passing: boolean
  /** For this long the service does not want to be asked again. */
  waitMs: number
}

export function toFailure(error: unknown): Failure {
  // A part of the page that could not be fetched is no error of axios.
  if (!isAxiosError(error)) return { kind: navigator.onLine ? 'broken' : 'offline', detail: null, requestId: null, passing: false, waitMs: 0 }
  if (!error.response) {
    const slow = error.code === 'ECONNABORTED' || error.code === 'ETIMEDOUT'
    return { kind: slow ? 'slow' : 'offline', detail: null, requestId: null, passing: !slow, waitMs: 0 }
  }
  const { status, data, headers } = error.response
  const problem = typeof data === 'object' && data !== null ? (data as Partial<Schemas['Problem']>) : {}
  const id: unknown = problem.instance ?? headers['x-request-id']
  return {
    kind: kindOf(status, problem),
    detail: problem.detail ?? null,
    requestId: typeof id === 'string' ? id : null,
    passing: AWAY.includes(status),
    waitMs: Math.min(MOST_WAIT_S, Number(headers['retry-after']) || 0) * 1_000,
  }
}

/** Nobody waits for longer before an empty page. */
const MOST_WAIT_S = 60

/** Of the gateway, and of a proxy before it that does not reach it. */
const AWAY = [502, 503]

function kindOf(status: number, problem: Partial<Schemas['Problem']>): Failure['kind'] {
  if (status === 404) return 'missing'
  if (status === 429 || status === 504 || AWAY.includes(status)) return 'busy'
  // A picture id that is too old, or of a model that was since replaced.
  if (status === 409 || problem.errors?.some((one) => one.field.endsWith('.picture_id'))) return 'expired'
  return status < 500 ? 'refused' : 'broken'
}

const ATTRIBUTE = 'body.filters.attributes.'

/** The fields that a search was refused for, because the catalogue cannot be filtered by them. */
export function unknownFilters(error: unknown): string[] {
  if (!isAxiosError<Partial<Schemas['Problem']> | undefined>(error)) return []
  const fields = error.response?.data?.errors?.map(({ field }) => field) ?? []
  return fields.filter((field) => field.startsWith(ATTRIBUTE)).map((field) => field.slice(ATTRIBUTE.length))
}

/** Widths in pixels that the gateway sends a picture of its own in. */
const WIDTHS = [240, 480, 960]

/** For `srcset`: the picture in each width; undefined for one that another server sends. */
export function pictureWidths(url: string | null | undefined): string | undefined {
  const address = url?.startsWith('/images/') ? pictureAddress(url) : null
  return address ? WIDTHS.map((width) => `${address}?width=${width} ${width}w`).join(', ') : undefined
}

/** The address of a product's picture, wherever the gateway is. */
export function pictureAddress(url: string | null | undefined): string | null {
  if (!url) return null
  if (/^https?:\/\//i.test(url)) return url
  return url.startsWith('/') ? `${BASE_URL}${url}` : null
}
