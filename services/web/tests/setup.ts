import '@testing-library/jest-dom/vitest'
import { cleanup } from '@testing-library/react'
import { afterEach, beforeEach } from 'vitest'

import { http } from '../src/api/client'

/** What the gateway would answer, by "METHOD /path". A call that no test foresaw fails loudly. */
export const gateway = new Map<string, (body: unknown) => { status?: number; body: unknown } | Promise<{ status?: number; body: unknown }>>()
export const asked: { route: string; body: unknown }[] = []

beforeEach(() => {
  gateway.clear()
  asked.length = 0
  localStorage.clear()
  window.matchMedia = (query: string) => ({ matches: false, media: query }) as MediaQueryList
  window.scrollTo = () => undefined
  URL.createObjectURL = () => 'blob:picture'
  URL.revokeObjectURL = () => undefined
  http.defaults.adapter = async (config) => {
    const route = `${(config.method ?? 'get').toUpperCase()} ${config.url ?? ''}`
    const body: unknown = typeof config.data === 'string' ? JSON.parse(config.data) : config.data
    asked.push({ route, body })
    const answer = gateway.get(route)
    if (!answer) throw new Error(`no answer is prepared for ${route}`)
    const { status = 200, body: data } = await answer(body)
    const response = { data, status, statusText: '', headers: {}, config }
    if (status < 400) return response
    const { AxiosError } = await import('axios')
    throw new AxiosError('refused', String(status), config, null, response)
  }
})

afterEach(cleanup)
