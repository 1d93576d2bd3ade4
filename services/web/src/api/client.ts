import axios, { isAxiosError } from 'axios'

import type { components } from './schema'

export type Product = components['schemas']['Product']
export type ScoredProduct = components['schemas']['ScoredProduct']
export type SearchAnswer = components['schemas']['PredictResponse']

/** Where the gateway is: the page's own origin unless the build says otherwise. */
const BASE_URL: string = import.meta.env['VITE_API_BASE_URL'] ?? ''

export const http = axios.create({ baseURL: BASE_URL, timeout: 20_000 })

/** What went wrong, in the terms that the page shows. */
export interface Failure {
  kind: 'offline' | 'slow' | 'busy' | 'missing' | 'refused' | 'broken'
  detail: string | null
  requestId: string | null
}

export function toFailure(error: unknown): Failure {
  if (!isAxiosError(error)) return { kind: 'broken', detail: null, requestId: null }
  if (!error.response) {
    const slow = error.code === 'ECONNABORTED' || error.code === 'ETIMEDOUT'
    return { kind: slow ? 'slow' : 'offline', detail: null, requestId: null }
  }
  const { status, data, headers } = error.response
  const problem = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
  const said = typeof problem['detail'] === 'string' ? problem['detail'] : null
  const id: unknown = problem['instance'] ?? headers['x-request-id']
  const requestId = typeof id === 'string' ? id : null
  const kind =
    status === 404
      ? 'missing'
      : status === 429 || status === 503 || status === 504
        ? 'busy'
        : status < 500
          ? 'refused'
          : 'broken'
  return { kind, detail: said, requestId }
}

/** The address of a product's picture, wherever the gateway is. */
export function pictureAddress(url: string | null | undefined): string | null {
  if (!url) return null
  if (/^https?:\/\//i.test(url)) return url
  return url.startsWith('/') ? `${BASE_URL}${url}` : null
}
