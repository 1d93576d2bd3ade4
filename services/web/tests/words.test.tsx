import { createEvent, fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'

import type { SearchRequest } from '../src/api/client'
import { address, answer, card, hasProduct, open, product, searchAnswers, searches, titles } from './pages'
import { asked, gateway } from './setup'

describe('searching by words', () => {
  it('shows cards with title, brand, price, score, match and a way to more', async () => {
    searchAnswers(() => answer(['Red mug', 'Blue mug']))
    const user = userEvent.setup()
    open()
    await user.type(screen.getByRole('combobox', { name: 'Search for products' }), 'mug{Enter}')
    const red = await card('Red mug')
    for (const text of ['Lumo', '€12.90', '0.900', 'Strong match']) expect(within(red).getByText(text)).toBeVisible()
    expect(within(red).getByRole('link', { name: 'More info on Red mug' })).toHaveAttribute(
      'href',
      '/product/p%2FRed%20mug',
    )
    expect(screen.getByRole('heading', { level: 2, name: '2 products' })).toBeVisible()
    expect(screen.getByText('7 ms')).toBeVisible()
    expect(address()).toBe('/?q=mug')
    expect(searches()[0]).toMatchObject({ query: 'mug', k: 20, threshold: null, rewrite: true, facets: ['*'] })
  })

  it('shows the price before a reduction struck through, and says in words which is which', async () => {
    const reduced = product('a', 'Red mug', { list_price: 19.9 })
    const unreduced = product('b', 'Blue mug', { list_price: 12.9 })
    searchAnswers(() => ({ body: { ...answer([]).body, results: [reduced, unreduced] } }))
    open('/?q=mug')
    const before = within(await card('Red mug')).getByText('€19.90')
    expect(before.tagName).toBe('S')
    expect(before.parentElement).toHaveTextContent('Price now: €12.90 Price before: €19.90')
    expect(within(await card('Blue mug')).getByText('€12.90')).toHaveTextContent(/^€12.90$/)
  })

  it('asks as the address says, with every setting', async () => {
    searchAnswers(() => answer(['Red mug']))
    open('/?q=mug&k=50&least=0.4&words=0.25&rewrite=off&weak=on&variants=on&sort=price_asc&f.brand=A%26B&max=9')
    await card('Red mug')
    expect(searches()[0]).toMatchObject({
      query: 'mug',
      k: 50,
      threshold: 0.4,
      rewrite: false,
      weights: { text: 0.25, image: 0.75 },
      cutoff: 'off',
      group_variants: false,
      sort: 'price_asc',
      filters: { brand: ['A&B'], price: { min: null, max: 9 } },
    })
  })

  it('never lets an earlier, slower answer replace a later one', async () => {
    let release: () => void = () => undefined
    const slow = new Promise<void>((resolve) => (release = resolve))
    gateway.set('POST /search', async (body) => {
      const { query } = body as { query: string }
      if (query === 'slow') await slow
      return answer([query])
    })
    const user = userEvent.setup()
    open('/?q=slow')
    const box = screen.getByRole('combobox', { name: 'Search for products' })
    await user.clear(box)
    await user.type(box, 'quick{Enter}')
    await card('quick')
    release()
    await waitFor(() => expect(searches()).toHaveLength(2))
    await Promise.resolve()
    expect(titles()).toEqual(['quick'])
  })

  it('brings the cursor to the box with a slash, but lets one be typed', async () => {
    const user = userEvent.setup()
    open()
    await user.keyboard('/')
    const box = screen.getByRole('combobox', { name: 'Search for products' })
    expect(box).toHaveFocus()
    await user.keyboard('1/2')
    expect(box).toHaveValue('1/2')
  })

  it('does not search with the Enter that ends a word of an input method', async () => {
    open()
    const box = screen.getByRole('combobox', { name: 'Search for products' })
    const form = screen.getByRole('search')
    fireEvent.compositionStart(box)
    fireEvent.change(box, { target: { value: 'くつ' } })
    fireEvent(form, createEvent.submit(form))
    expect(searches()).toHaveLength(0)
    fireEvent.compositionEnd(box)
    searchAnswers(() => answer(['靴']))
    fireEvent(form, createEvent.submit(form))
    await card('靴')
  })

  it('leaves nothing out with the Enter that ends a word of an input method', async () => {
    searchAnswers(() => answer(['Red mug']))
    open('/?q=mug')
    await card('Red mug')
    fireEvent.click(screen.getByRole('button', { name: 'Leave something out' }))
    const field = screen.getByRole('textbox')
    const form = field.closest('form')
    if (!form) throw new Error('the field has no form')
    fireEvent.compositionStart(field)
    fireEvent.change(field, { target: { value: 'くつ' } })
    fireEvent(form, createEvent.submit(form))
    fireEvent.keyDown(field, { key: 'Escape' })
    expect(field).toBeInTheDocument()
    expect(searches()).toHaveLength(1)
    fireEvent.compositionEnd(field)
    fireEvent(form, createEvent.submit(form))
    await waitFor(() => expect(searches().at(-1)).toMatchObject({ query: 'mug without くつ' }))
  })

  it('remembers what was searched, and forgets it when asked to', async () => {
    searchAnswers(() => answer(['Red mug']))
    const user = userEvent.setup()
    const first = open()
    await user.type(screen.getByRole('combobox', { name: 'Search for products' }), 'my own words{Enter}')
    await card('Red mug')
    first.unmount()
    open()
    expect(screen.getByRole('button', { name: 'my own words' })).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Forget them' }))
    expect(screen.queryByRole('button', { name: 'my own words' })).toBeNull()
  })

  it('says what was really searched for, and goes back to the original in one click', async () => {
    searchAnswers(({ rewrite }) =>
      rewrite ? answer(['Rewritten'], { rewritten_query: 'red ceramic mug' }) : answer(['Original']),
    )
    const user = userEvent.setup()
    open('/?q=mug')
    expect(await screen.findByText('red ceramic mug')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Search for “mug” instead' }))
    await card('Original')
    expect(address()).toBe('/?q=mug&rewrite=off')
  })
})

describe('the first visit', () => {
  const CATEGORIES = [
    { value: 'Kitchen', count: 9 },
    { value: 'Kitchen > Mugs', count: 5 },
    { value: 'Kitchen > Egg-Cups', count: 4 },
    { value: 'Clothing', count: 3 },
    { value: 'Clothing > Socks', count: 3 },
  ]
  const best = (category: string, extra = {}) =>
    answer([], { results: [product(category, `A ${category}`, { category, ...extra })] }).body
  /** The batches asked for, in order: the tiles, then the examples. */
  const batches = () =>
    asked.filter(({ route }) => route === 'POST /search/batch').map(({ body }) => (body as { searches: SearchRequest[] }).searches)

  const hasCatalogue = () => {
    searchAnswers(({ query }) => answer(query ? ['Found'] : ['Sock'], { facets: { fields: { category: CATEGORIES }, price: null } }))
    gateway.set('POST /search/batch', (body) => ({
      body: {
        answers: (body as { searches: SearchRequest[] }).searches.map(({ query, filters }) =>
          // No egg cup has a picture; striped socks are mugs to the encoder.
          filters?.category
            ? best(filters.category[0] ?? '', {
                attributes: { color: 'Red', pattern: 'striped' },
                ...(query === 'egg cups' && { image_url: null }),
              })
            : best('Kitchen > Mugs'),
        ),
      },
    }))
  }

  it('shows categories of the loaded catalogue, of each part of it in turn, and leads to all of one', async () => {
    hasCatalogue()
    const user = userEvent.setup()
    open()
    const tiles = await screen.findByRole('region', { name: 'Browse the catalogue' })
    const socks = await within(tiles).findByRole('link', { name: 'Socks 3' })
    expect(within(tiles).getAllByRole('link').map((one) => one.textContent)).toEqual(['Mugs 5', 'Socks 3'])
    expect(batches()[0]?.map(({ query }) => query)).toEqual(['mugs', 'socks', 'egg cups'])
    await user.click(socks)
    await card('Sock')
    expect(address()).toBe('/?f.category=Clothing+%3E+Socks')
    expect(searches().at(-1)).toMatchObject({ query: null, filters: { category: ['Clothing > Socks'] } })
    expect(screen.queryByText('Strong match')).toBeNull()
  })

  it('offers examples that find their own category, and no others', async () => {
    hasCatalogue()
    const user = userEvent.setup()
    open()
    const examples = await screen.findByRole('region', { name: 'Try one of these' })
    expect(within(examples).getAllByRole('button').map((one) => one.textContent)).toEqual(['red striped mugs'])
    await user.click(within(examples).getByRole('button', { name: 'red striped mugs' }))
    await card('Found')
    expect(address()).toBe('/?q=red+striped+mugs')
  })

  it('shows nothing where the catalogue has no categories', async () => {
    open()
    await waitFor(() => expect(screen.queryByRole('region')).toBeNull())
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('Find it by words or by a picture')
  })
  })

describe('a mixed search', () => {
  it('starts from a product, takes words beside it, and shows each part with a way to take it out', async () => {
    searchAnswers(({ terms, query }) =>
      answer([terms?.length ? (query ? 'Blue one' : 'Alike') : 'Red mug']),
    )
    hasProduct(product('p/Red mug', 'Red mug'))
    const user = userEvent.setup()
    open('/?q=mug&f.brand=Lumo')
    await user.click(within(await card('Red mug')).getByRole('button', { name: 'More like Red mug' }))
    await card('Alike')
    expect(address()).toBe('/?like=p%2FRed+mug')
    expect(searches().at(-1)).toMatchObject({ query: null, terms: [{ product_id: 'p/Red mug', weight: 1 }] })
    await user.type(screen.getByRole('combobox', { name: 'Search for products' }), 'blue{Enter}')
    await card('Blue one')
    const parts = screen.getByRole('list', { name: 'What you search with' })
    expect(within(parts).getByText('Like Red mug')).toBeVisible()
    await user.click(within(parts).getByRole('button', { name: 'Remove: Like Red mug' }))
    expect(address()).toBe('/?q=blue')
  })

  it('leaves words out', async () => {
    searchAnswers(({ query }) =>
      answer(['Plain mug'], {
        understood: query?.includes('without')
          ? [{ kind: 'exclude', text: 'without striped', without: 'mug', price: null, currency: null, excluded: ['striped'] }]
          : [],
      }),
    )
    const user = userEvent.setup()
    open('/?q=mug')
    await user.click(screen.getByRole('button', { name: 'Leave something out' }))
    await user.type(screen.getByRole('textbox', { name: 'Words to leave out' }), 'striped{Enter}')
    await waitFor(() => expect(searches().at(-1)?.query).toBe('mug without striped'))
    await user.click(await screen.findByRole('button', { name: 'Remove: without striped' }))
    expect(address()).toBe('/?q=mug')
  })

  it('shows what was understood, each part with a way to take it back', async () => {
    searchAnswers(({ query, interpret }) =>
      answer(['Red mug'], {
        corrected_query: interpret ? 'red mug under 20 €' : null,
        understood:
          interpret && query?.includes('under')
            ? [{ kind: 'price', text: 'under 20 €', without: 'red mugg', price: { min: null, max: 20 }, currency: 'EUR', excluded: [] }]
            : [],
      }),
    )
    const user = userEvent.setup()
    open('/?q=red+mugg+under+20+€')
    const understood = await screen.findByRole('list', { name: 'What was understood' })
    expect(understood).toHaveTextContent(/^Corrected: mug(?! under)/)
    await user.click(within(understood).getByRole('button', { name: 'Remove: under 20 €' }))
    await waitFor(() => expect(address()).toBe('/?q=red+mugg'))
    await user.click(await screen.findByRole('button', { name: 'Search for “red mugg” instead' }))
    await waitFor(() => expect(searches().at(-1)).toMatchObject({ query: 'red mugg', interpret: false }))
    await waitFor(() => expect(screen.queryByRole('list', { name: 'What was understood' })).toBeNull())
  })

  it('shows the kind that a picture keeps, and searches everywhere once that is taken back', async () => {
    searchAnswers(({ keep_category: keeps }) => answer(['Blue mug'], { kept_category: keeps ? 'Kitchen > Mugs' : null }))
    hasProduct(product('m', 'Red mug'))
    const user = userEvent.setup()
    open('/?q=blue&like=m')
    const understood = await screen.findByRole('list', { name: 'What was understood' })
    expect(understood).toHaveTextContent('Only Mugs')
    await user.click(within(understood).getByRole('button', { name: 'Search all kinds of products' }))
    await waitFor(() => expect(searches().at(-1)?.keep_category).toBe(false))
    expect(address()).toBe('/?q=blue&like=m&everywhere=on')
    await waitFor(() => expect(screen.queryByRole('list', { name: 'What was understood' })).toBeNull())
  })

  it('takes less of a product that is shown', async () => {
    searchAnswers(() => answer(['Red mug', 'Blue mug']))
    hasProduct(product('p/Red mug', 'Red mug'))
    const user = userEvent.setup()
    open('/?q=mug')
    await user.click(within(await card('Red mug')).getByRole('button', { name: 'Less like Red mug' }))
    await waitFor(() => expect(searches().at(-1)?.terms).toEqual([{ product_id: 'p/Red mug', weight: -0.5 }]))
    await user.click(await screen.findByRole('button', { name: 'Remove: Not like Red mug' }))
    expect(address()).toBe('/?q=mug')
  })

  it('keeps the place of the keyboard when a field or a part goes away', async () => {
    searchAnswers(({ query }) =>
      answer(['Plain mug'], {
        understood: query?.includes('without')
          ? [{ kind: 'exclude', text: 'without striped', without: 'mug', price: null, currency: null, excluded: ['striped'] }]
          : [],
      }),
    )
    const user = userEvent.setup()
    open('/?q=mug')
    const opener = () => screen.getByRole('button', { name: 'Leave something out' })
    await user.click(opener())
    await user.keyboard('{Escape}')
    expect(opener()).toHaveFocus()
    await user.keyboard('{Enter}striped{Enter}')
    expect(opener()).toHaveFocus()
    await user.click(await screen.findByRole('button', { name: 'Remove: without striped' }))
    await user.tab()
    expect(opener()).toHaveFocus()
  })

  it('brings the keyboard to the product whose link took it there', async () => {
    searchAnswers(() => answer(['Red mug']))
    hasProduct(product('p/Red mug', 'Red mug'))
    const user = userEvent.setup()
    open('/?q=mug')
    await user.click(await screen.findByRole('link', { name: /More info/ }))
    await waitFor(() => expect(screen.getByRole('main').contains(document.activeElement)).toBe(true))
  })
})

describe('the settings', () => {
  it('turn words and look of products off, but never both', async () => {
    searchAnswers(() => answer(['Red mug']))
    const user = userEvent.setup()
    open('/?q=mug')
    await user.click(screen.getByRole('button', { name: 'Settings' }))
    await screen.findByRole('region', { name: 'Settings' })
    await user.click(screen.getByRole('checkbox', { name: 'what products say' }))
    await waitFor(() => expect(searches().at(-1)?.weights).toEqual({ text: 0, image: 1 }))
    await user.click(screen.getByRole('checkbox', { name: 'how products look' }))
    await waitFor(() => expect(searches().at(-1)?.weights).toEqual({ text: 1, image: 0 }))
    expect(screen.getByRole('checkbox', { name: 'what products say' })).toBeChecked()
    await user.click(screen.getByRole('button', { name: 'Reset the settings' }))
    expect(address()).toBe('/?q=mug')
  })

  it('explain the threshold, and wait until its slider stands still', async () => {
    searchAnswers(() => answer(['Red mug']))
    open('/?q=mug')
    await card('Red mug')
    fireEvent.click(screen.getByRole('button', { name: 'Settings' }))
    const slider = await screen.findByRole('slider', { name: 'Lowest similarity (threshold)' })
    expect(slider).toHaveAccessibleDescription(/Similarity between your search/)
    for (const value of ['0.2', '0.3', '0.4']) fireEvent.change(slider, { target: { value } })
    await waitFor(() => expect(searches().at(-1)?.threshold).toBe(0.4))
    expect(searches()).toHaveLength(2)
    expect(address()).toBe('/?q=mug&least=0.4')
  })

  it('ask for more at a time, without rewriting, with weak matches and variants', async () => {
    searchAnswers(() => answer(['Red mug']))
    const user = userEvent.setup()
    open('/?q=mug')
    await user.click(screen.getByRole('button', { name: 'Settings' }))
    await screen.findByRole('region', { name: 'Settings' })
    await user.selectOptions(screen.getByRole('combobox', { name: 'Products at a time (top_k)' }), '50')
    for (const name of ['Reword my search if that helps', 'Also show what is less close', 'Show every variant'])
      await user.click(screen.getByRole('checkbox', { name }))
    expect(address()).toBe('/?q=mug&k=50&rewrite=off&weak=on&variants=on')
  })
})
