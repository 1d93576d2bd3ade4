import '@testing-library/jest-dom/vitest'
import { cleanup, configure } from '@testing-library/react'
import { AxiosError } from 'axios'
import { afterEach, beforeEach, expect } from 'vitest'

import { http } from '../src/api/client'
import { forgetAnswers } from '../src/lib/use-answer'

// A busy machine is no failure.
configure({ asyncUtilTimeout: 6_000 })

interface Answer {
  status?: number
  headers?: Record<string, string>
  body: unknown
}

/** What the gateway would answer, by "METHOD /path", to a body or to what stands after a `?`. A call that no test foresaw fails loudly. */
export const gateway = new Map<string, (body: unknown) => Answer | Promise<Answer>>()
export const asked: { route: string; body: unknown }[] = []
const unforeseen: string[] = []

/** Fail like a request without a network. */
export const noNetwork = () => {
  throw new AxiosError('Network Error', AxiosError.ERR_NETWORK)
}

beforeEach(() => {
  gateway.clear()
  // What the first visit asks: a catalogue without categories.
  gateway.set('POST /search', () => ({ body: { facets: { fields: {}, price: null }, results: [] } }))
  gateway.set('GET /suggest', () => ({ body: { suggestions: [], products: [] } }))
  asked.length = 0
  unforeseen.length = 0
  forgetAnswers()
  localStorage.clear()
  document.documentElement.dir = 'ltr'
  // What jsdom lacks of a browser.
  window.matchMedia = (query: string) => ({ matches: false, media: query, addEventListener: () => undefined, removeEventListener: () => undefined }) as unknown as MediaQueryList
  window.scrollTo = () => undefined
  URL.createObjectURL = () => 'blob:picture'
  URL.revokeObjectURL = () => undefined
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true
  }
  HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
    if (!this.open) return
    this.open = false
    this.dispatchEvent(new Event('close'))
  }
  http.defaults.adapter = async (config) => {
    const route = `${(config.method ?? 'get').toUpperCase()} ${config.url ?? ''}`
    const body: unknown = typeof config.data === 'string' ? JSON.parse(config.data) : (config.data ?? config.params)
    asked.push({ route, body })
    const answer = gateway.get(route)
    if (!answer) {
      unforeseen.push(route)
      throw new Error(`no answer is prepared for ${route}`)
    }
    const { status = 200, headers = {}, body: data } = await answer(body)
    const response = { data, status, statusText: '', headers, config }
    if (status < 400) return response
    throw new AxiosError('refused', String(status), config, null, response)
  }
})

afterEach(() => {
  cleanup()
  expect(unforeseen).toEqual([])
})
