import { act, fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { SearchRequest } from '../src/api/client'
import { address, answer, card, goBack, open, product, searchAnswers, searches, titles } from './pages'
import { gateway, noNetwork } from './setup'

const status = () => screen.getAllByRole('status').map((one) => one.textContent)

describe('the message for a screen reader', () => {
  it('is how many were found, once for each search', async () => {
    searchAnswers(({ query }) => answer(query === 'none' ? [] : ['A', 'B']))
    const user = userEvent.setup()
    open('/?q=mug')
    await waitFor(() => expect(status()).toContain('2 products'))
    await user.clear(screen.getByRole('combobox', { name: 'Search for products' }))
    await user.type(screen.getByRole('combobox', { name: 'Search for products' }), 'none{Enter}')
    await waitFor(() => expect(status()).toContain('No good match'))
  })
})

describe('an answer without products', () => {
  it('names the threshold as the cause and takes it away', async () => {
    searchAnswers(({ threshold }) => answer(threshold === null ? ['Near'] : []))
    const user = userEvent.setup()
    open('/?q=mug&least=0.9')
    expect(await screen.findByText('No product is as similar as 0.90.')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Show less similar products' }))
    await card('Near')
  })

  it('has nothing to sort or filter by, and takes the middle of the page', async () => {
    searchAnswers(() => answer([]))
    open('/?q=xyzzy')
    await screen.findByText('Nothing in the catalogue comes close to what you are looking for.')
    expect(screen.queryByRole('combobox', { name: 'Sort by' })).toBeNull()
    expect(screen.queryByRole('complementary', { name: 'Filters' })).toBeNull()
    expect(screen.queryByRole('button', { name: 'Filters' })).toBeNull()
  })

  it('advises a closer frame where only a picture was given', async () => {
    searchAnswers(() => answer([]))
    open('/?picture=abc')
    expect(await screen.findByText(/frame close around one thing/)).toBeVisible()
  })

  it('says that nothing comes close, and shows the nearest when asked to', async () => {
    searchAnswers(({ cutoff }) =>
      cutoff === 'auto' ? answer([]) : answer([], { results: [product('p', 'Near', { strength: 'weak' })], found: 1 }),
    )
    const user = userEvent.setup()
    open('/?q=xyzzy')
    await user.click(await screen.findByRole('button', { name: 'Show the nearest anyway' }))
    await card('Near')
    expect(address()).toBe('/?q=xyzzy&weak=on')
    expect(screen.getByText(/Nothing matches closely/)).toBeVisible()
    expect(screen.getByText('Less close')).toBeVisible()
  })
})

describe('an answer on its way', () => {
  /** A gateway that answers only when it is let. */
  const held = () => {
    let release: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (release = resolve))
    return { gate, release: () => release() }
  }
  const searchesAgain = async (user: ReturnType<typeof userEvent.setup>, words: string) => {
    await user.clear(screen.getByRole('combobox', { name: 'Search for products' }))
    await user.type(screen.getByRole('combobox', { name: 'Search for products' }), `${words}{Enter}`)
  }

  it('never leaves an old answer under a new question', async () => {
    const { gate, release } = held()
    gateway.set('POST /search', async (body) => {
      const { query } = body as { query: string }
      if (query === 'dress') await gate
      return answer([query])
    })
    const user = userEvent.setup()
    open('/?q=mug')
    await card('mug')
    await searchesAgain(user, 'dress')
    expect(screen.getByRole('heading', { level: 2 })).toHaveTextContent('Searching …')
    expect(screen.queryByText('Strong match')).toBeNull()
    expect(await screen.findByRole('progressbar', { name: 'Searching …' })).toBeInTheDocument()
    expect(titles()).toEqual([])
    expect(screen.queryByText(/longer than usual/)).toBeNull()
    expect((await screen.findAllByText(/longer than usual/)).length).toBeGreaterThan(0)
    release()
    await card('dress')
    expect(screen.queryByRole('progressbar')).toBeNull()
  })

  it('keeps what was found while a filter narrows it, and says that it is searching', async () => {
    const { gate, release } = held()
    gateway.set('POST /search', async (body) => {
      const { sort } = body as { sort: string }
      if (sort !== 'relevance') await gate
      return answer(['mug'])
    })
    const user = userEvent.setup()
    open('/?q=mug')
    await card('mug')
    await user.selectOptions(screen.getByRole('combobox', { name: 'Sort by' }), 'price_asc')
    await screen.findByRole('progressbar', { name: 'Searching …' })
    expect(titles()).toEqual(['mug'])
    release()
    await waitFor(() => expect(screen.queryByRole('progressbar')).toBeNull())
  })
})

describe('an address of another catalogue', () => {
  it('is searched without the filters that this one does not know, and says so', async () => {
    gateway.set('POST /search', (body) => {
      const { filters } = body as { filters: { attributes: Record<string, string[]> } }
      if (!('volume' in filters.attributes)) return answer(['mug'])
      const errors = [{ field: 'body.filters.attributes.volume', message: 'unknown' }]
      return { status: 422, body: { title: 'Invalid request', status: 422, errors } }
    })
    open('/?q=mug&f.volume=1+l&f.material=wood')
    await card('mug')
    expect(screen.getByText(/Nothing can be filtered by “volume”/)).toBeInTheDocument()
    expect(screen.getByRole('button', { name: 'Remove Material: wood' })).toBeInTheDocument()
    expect(screen.queryByRole('button', { name: /Remove Volume/ })).toBeNull()
  })

  it('may end its path with a slash', async () => {
    searchAnswers(() => answer(['mug']))
    open('/search/?q=mug')
    await card('mug')
  })
})

describe('how well results match', () => {
  it('puts those that are less close below one divider, whatever the order', async () => {
    searchAnswers(() =>
      answer([], {
        results: [product('1', 'Cheap vase', { strength: 'weak' }), product('2', 'Blue mug'), product('3', 'Old hat', { strength: 'weak' })],
        found: 3,
      }),
    )
    open('/?q=blue+mug&sort=price_asc')
    await card('Blue mug')
    expect(titles()).toEqual(['Blue mug', 'Cheap vase', 'Old hat'])
    expect(screen.getAllByRole('heading', { level: 3 }).map((one) => one.textContent)).toEqual([
      'Blue mug',
      'Less close',
      'Cheap vase',
      'Old hat',
    ])
    expect(screen.getAllByText('Strong match')).toHaveLength(1)
    expect(screen.queryByText(/Nothing matches closely/)).toBeNull()
  })

  it('says why each is there: the words that it has, its look, and what it may show', async () => {
    const matched = ['blue', 'mugs'].map((word) => ({ word, found: [word], fields: ['title' as const] }))
    searchAnswers(({ query }) =>
      answer([], {
        rewritten_query: query ?? null,
        results: [
          product('1', 'Northbay mug', { matched, resembles: ['striped'] }),
          product('2', 'Vase', { strength: 'weak', brand: null, category: 'Glass', attributes: {} }),
        ],
      }),
    )
    open('/?q=the+blue+mugs&picture=abc')
    expect(await card('Northbay mug')).toHaveTextContent('Matches: blue, mugs · looks alike · may show: striped')
    expect(await card('Vase')).not.toHaveTextContent('Matches')
  })

  it('shows the other colours of a product as dots that lead to them', async () => {
    const variants = ['blue', 'green', 'sand', 'red'].map((color) => ({ product_id: `p/${color}`, color }))
    searchAnswers(() => answer([], { results: [product('1', 'Northbay mug', { variants }), product('2', 'Vase')] }))
    open('/?q=mug')
    const dots = within(await card('Northbay mug')).getByRole('list', { name: 'Other colours' })
    expect(within(dots).getAllByRole('link').map((one) => one.getAttribute('href'))).toEqual([
      '/product/p%2Fblue',
      '/product/p%2Fgreen',
      '/product/p%2Fsand',
    ])
    expect(dots).toHaveTextContent('+1')
    expect(within(await card('Vase')).queryByRole('list', { name: 'Other colours' })).toBeNull()
  })
})

describe('a failure', () => {
  it('is shown in place with a retry and the request id', async () => {
    let down = true
    gateway.set('POST /search', () =>
      down
        ? { status: 503, body: { type: '/problems/not-ready', detail: 'x', instance: 'id-42' } }
        : answer(['Red mug']),
    )
    const user = userEvent.setup()
    open('/?q=mug')
    const notice = await screen.findByRole('alert')
    expect(notice).toHaveTextContent('busy or starting')
    expect(notice).toHaveTextContent('id-42')
    down = false
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    await card('Red mug')
    expect(screen.getByRole('heading', { level: 2, name: '1 product' })).toHaveFocus()
  })

  it('is tried again by the same words', async () => {
    gateway.set('POST /search', () => ({ status: 503, body: { detail: 'x', instance: 'id-42' } }))
    const user = userEvent.setup()
    open('/?q=mug')
    await screen.findByRole('alert')
    searchAnswers(() => answer(['Red mug']))
    await user.click(screen.getByRole('button', { name: 'Search' }))
    await card('Red mug')
    expect(screen.queryByRole('alert')).toBeNull()
  })

  describe('that passes', () => {
    const MINUTE = 90_000
    const afterwards = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds))
    const away = (status: number) => () => ({ status, body: { detail: 'x' } })
    beforeEach(() => vi.useFakeTimers())
    afterEach(() => vi.useRealTimers())

    it.each([
      ['503', away(503)],
      ['502 of a proxy', away(502)],
      ['no connection', noNetwork],
    ])('is tried again by the page itself, which says so: %s', async (_, reply) => {
      gateway.set('POST /search', reply)
      open('/?q=mug')
      await afterwards(5_000)
      expect(screen.getByRole('alert')).toHaveTextContent('The page goes on trying by itself.')
      searchAnswers(() => answer(['Red mug']))
      await afterwards(10_000)
      expect(titles()).toEqual(['Red mug'])
      expect(screen.queryByRole('alert')).toBeNull()
    })

    it('is tried again a few times, with growing pauses, and not for ever', async () => {
      const times: number[] = []
      gateway.set('POST /search', () => {
        times.push(Date.now())
        return away(503)()
      })
      open('/?q=mug')
      await afterwards(2 * MINUTE)
      const pauses = times.slice(1).map((at, place) => at - (times[place] ?? 0))
      expect(pauses).toHaveLength(5)
      expect(pauses).toEqual([...pauses].sort((a, b) => a - b))
      expect(screen.getByRole('alert')).not.toHaveTextContent('by itself')
      expect(screen.getByRole('button', { name: 'Try again' })).toBeVisible()
    })

    it('is not tried again before the service wants to be asked', async () => {
      gateway.set('POST /search', () => ({ status: 503, body: { detail: 'x' }, headers: { 'retry-after': '20' } }))
      open('/?q=mug')
      await afterwards(19_000)
      expect(searches()).toHaveLength(1)
      await afterwards(10_000)
      expect(searches()).toHaveLength(2)
    })

    it('says what fails now, where the failure becomes another', async () => {
      gateway.set('POST /search', away(503))
      open('/?q=mug')
      await afterwards(1_000)
      expect(screen.getByRole('alert')).toHaveTextContent('busy or starting')
      gateway.set('POST /search', noNetwork)
      await afterwards(5_000)
      expect(screen.getByRole('alert')).toHaveTextContent('Are you online?')
    })

    it('is tried again for the next products too', async () => {
      searchAnswers(() => answer(['Red mug'], { found: 2, cursor: 'c' }))
      open('/?q=mug')
      await afterwards(1_000)
      gateway.set('POST /search', away(503))
      fireEvent.click(screen.getByRole('button', { name: 'Show more' }))
      await afterwards(1_000)
      expect(screen.getByText('The page goes on trying by itself.')).toBeVisible()
      searchAnswers(() => answer(['Blue mug'], { found: 2 }))
      await afterwards(5_000)
      expect(titles()).toEqual(['Red mug', 'Blue mug'])
      expect(screen.queryByText('The page goes on trying by itself.')).toBeNull()
    })

    it.each([429, 404, 422, 500])('is not one with %i', async (status) => {
      gateway.set('POST /search', away(status))
      open('/?q=mug')
      await afterwards(MINUTE)
      expect(searches()).toHaveLength(1)
      expect(screen.getByRole('alert')).not.toHaveTextContent('by itself')
    })

    it('is not asked about any more by who has gone on', async () => {
      gateway.set('POST /search', (body) => ((body as SearchRequest).query === 'mug' ? away(503)() : answer(['Cup'])))
      const page = open('/?q=mug')
      await afterwards(1_000)
      fireEvent.change(screen.getByRole('combobox', { name: 'Search for products' }), { target: { value: 'cup' } })
      fireEvent.submit(screen.getByRole('search'))
      await afterwards(MINUTE)
      expect(searches().map(({ query }) => query)).toEqual(['mug', 'cup'])
      gateway.set('POST /search', away(503))
      page.unmount()
      open('/?q=hat').unmount()
      await afterwards(MINUTE)
      expect(searches().filter(({ query }) => query === 'hat').length).toBeLessThanOrEqual(1)
    })
  })

  it('is not offered to be tried again where that would change nothing', async () => {
    gateway.set('GET /products/none', () => ({ status: 404, body: { detail: 'x' } }))
    open('/product/none')
    expect(await screen.findByRole('alert')).toHaveTextContent('There is no such product')
    expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull()
  })

  it('is offered without a product that the catalogue no longer has', async () => {
    gateway.set('GET /products/none', () => ({ status: 404, body: { detail: 'x' } }))
    gateway.set('POST /search', (body) => (body as { terms: unknown[] }).terms.length > 0 ? { status: 404, body: { detail: 'x' } } : answer(['Red mug']))
    open('/?q=mug&like=none&unlike=none')
    await userEvent.setup().click(await screen.findByRole('button', { name: 'Search without it' }))
    expect(await card('Red mug')).toBeVisible()
    expect(address()).toBe('/?q=mug')
  })

  it('names no product where none was searched with', async () => {
    gateway.set('POST /search', () => ({ status: 404, body: { detail: 'x' } }))
    open('/?q=mug')
    expect(await screen.findByRole('alert')).toHaveTextContent('Something went wrong on our side')
    expect(screen.queryByRole('button', { name: 'Search without it' })).toBeNull()
    expect(screen.getByRole('button', { name: 'Try again' })).toBeVisible()
  })

  it('without an answer asks whether one is online, and asks again by itself once one is', async () => {
    gateway.set('POST /search', noNetwork)
    open('/?q=mug')
    expect(await screen.findByRole('alert')).toHaveTextContent('Are you online?')
    searchAnswers(() => answer(['Red mug']))
    fireEvent(window, new Event('online'))
    await card('Red mug')
  })

  it('says so when a part of the service is away', async () => {
    searchAnswers(() => answer(['Red mug'], { degraded: ['rewriter'] }))
    open('/?q=mug')
    expect(await screen.findByText(/Part of the service/)).toBeVisible()
  })

  it('asks again on the way back for what was found without a part', async () => {
    searchAnswers(() => answer(['Red mug'], { degraded: ['rewriter'] }))
    open('/?q=mug')
    await screen.findByText(/Part of the service/)
    searchAnswers(({ query }) => answer([query === 'cup' ? 'Cup' : 'Red mug']))
    const user = userEvent.setup()
    const box = screen.getByRole('combobox', { name: 'Search for products' })
    await user.clear(box)
    await user.type(box, 'cup{Enter}')
    await card('Cup')
    goBack()
    await card('Red mug')
    expect(screen.queryByText(/Part of the service/)).toBeNull()
  })
})

describe('without a network', () => {
  it('what was found stays, and the page says what is the matter', async () => {
    searchAnswers(() => answer(['Red mug']))
    open('/?q=mug')
    await card('Red mug')
    const online = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false)
    fireEvent(window, new Event('offline'))
    expect(screen.getByText(/You are offline/)).toBeVisible()
    expect(titles()).toEqual(['Red mug'])
    online.mockRestore()
    fireEvent(window, new Event('online'))
    expect(screen.queryByText(/You are offline/)).toBeNull()
  })
})

describe('what a catalogue may say', () => {
  it('is shown as text, however long, and whatever is missing', async () => {
    const hostile = `<img src=x onerror="alert(1)"> ${'very '.repeat(100)}long`
    searchAnswers(() =>
      answer([], {
        results: [
          product('1', hostile, { brand: '<b>B</b>' }),
          product('2', 'Bare', { brand: null, price: null, image_url: null, currency: null }),
        ],
        found: 2,
      }),
    )
    open('/?q=mug')
    await card('Bare')
    expect(titles()[0]).toBe(hostile)
    expect(screen.getByText('<b>B</b>')).toBeVisible()
    expect(screen.queryByText(/on request/)).toBeNull()
    expect(screen.getByText('No picture')).toBeVisible()
  })

  it('is counted as far as the service looks', async () => {
    searchAnswers(() => answer(['Red mug'], { found: 1000 }))
    open('/?q=mug')
    expect(await screen.findByRole('heading', { level: 2, name: '1,000 or more products' })).toBeVisible()
  })
})

describe('the page', () => {
  it('turns round for a language that is read from the right, and back', async () => {
    const user = userEvent.setup()
    open()
    await user.selectOptions(screen.getByRole('combobox', { name: 'Language' }), 'ar')
    expect(await screen.findByRole('button', { name: 'بحث' })).toBeVisible()
    expect(document.documentElement).toHaveAttribute('dir', 'rtl')
    expect(document.documentElement).toHaveAttribute('lang', 'ar')
    expect(localStorage.getItem('language')).toBe('"ar"')
    await user.selectOptions(screen.getByRole('combobox', { name: 'اللغة' }), 'en')
    expect(await screen.findByRole('button', { name: 'Search' })).toBeVisible()
    expect(document.documentElement).toHaveAttribute('dir', 'ltr')
  })

  it('speaks the language that another tab chose', async () => {
    open()
    localStorage.setItem('language', '"de"')
    fireEvent(window, new StorageEvent('storage', { key: 'language' }))
    expect(await screen.findByRole('button', { name: 'Suchen' })).toBeVisible()
    expect(document.documentElement).toHaveAttribute('lang', 'de')
  })

  it('turns dark and stays so', async () => {
    const user = userEvent.setup()
    open()
    await user.click(screen.getByRole('button', { name: 'Dark colours' }))
    expect(document.documentElement).toHaveAttribute('data-theme', 'dark')
    expect(localStorage.getItem('theme')).toBe('"dark"')
  })

  it('has a face for an address that leads nowhere', () => {
    open('/nowhere')
    expect(screen.getByRole('heading', { name: 'There is no page here' })).toBeVisible()
  })
})
