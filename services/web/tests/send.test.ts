import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { http, toFailure } from '../src/api/client'
import { send } from '../src/api/send'

const fetched = vi.fn<typeof fetch>()

beforeEach(() => {
  http.defaults.adapter = send
  vi.stubGlobal('fetch', fetched)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
  fetched.mockReset()
})

/** Answers nothing until the request is aborted, as a server that hangs. */
const hangs: typeof fetch = (_, init) =>
  new Promise((_resolve, reject) =>
    init?.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))),
  )

describe('a request', () => {
  it('carries JSON and parameters, and brings JSON back', async () => {
    fetched.mockResolvedValue(new Response('{"a":1}', { status: 200 }))
    const { data } = await http.post('/search', { query: 'mug' }, { params: { by: 'look' } })
    expect(data).toEqual({ a: 1 })
    const [address, init] = fetched.mock.calls[0] ?? []
    expect(address).toBe('/search?by=look')
    expect(init).toMatchObject({ method: 'POST', body: '{"query":"mug"}' })
    expect(new Headers(init?.headers).get('content-type')).toBe('application/json')
  })

  it('leaves the type of a form to the browser', async () => {
    fetched.mockResolvedValue(new Response('{}'))
    await http.post('/pictures', new FormData())
    expect(new Headers(fetched.mock.calls[0]?.[1]?.headers).has('content-type')).toBe(false)
  })

  it.each([
    ['a problem', () => Promise.resolve(new Response('{"detail":"x","instance":"id-1"}', { status: 503 })), 'busy', 'id-1'],
    ['an error page', () => Promise.resolve(new Response('<h1>502</h1>', { status: 502, headers: { 'x-request-id': 'id-2' } })), 'busy', 'id-2'],
    ['a fault', () => Promise.resolve(new Response('', { status: 500 })), 'broken', null],
    ['no network', () => Promise.reject(new TypeError('Failed to fetch')), 'offline', null],
  ] as const)('fails with %s as the page shows it', async (_, reply, kind, requestId) => {
    fetched.mockImplementation(reply)
    const failure = await http.get('/x').then(() => null, toFailure)
    expect(failure).toMatchObject({ kind, requestId })
  })

  it('fails as slow after its time', async () => {
    vi.useFakeTimers()
    fetched.mockImplementation(hangs)
    const failure = http.get('/x').then(() => null, toFailure)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(await failure).toMatchObject({ kind: 'slow' })
  })

  it('ends when it is aborted', async () => {
    fetched.mockImplementation(hangs)
    const control = new AbortController()
    const ended = http.get('/x', { signal: control.signal }).then(() => 'answered', () => 'ended')
    await Promise.resolve()
    control.abort()
    expect(await ended).toBe('ended')
  })
})
