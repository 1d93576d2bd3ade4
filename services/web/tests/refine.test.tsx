import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'

import { address, answer, card, FACETS, open, searchAnswers, searches, titles, hasProduct, product } from './pages'
import { gateway } from './setup'

const filters = () => screen.getByRole('complementary', { name: 'Filters', hidden: true })

describe('filters', () => {
  it('show what is found of each field with its count, and nothing of a field without choices', async () => {
    searchAnswers(() => answer(['Red mug'], { facets: FACETS }))
    open('/?q=mug')
    const brand = await within(filters()).findByRole('group', { name: 'Brand', hidden: true })
    expect(within(brand).getByRole('checkbox', { name: 'Acme & Söhne 1', hidden: true })).not.toBeChecked()
    expect(within(filters()).getByRole('group', { name: 'Material', hidden: true })).toBeInTheDocument()
    expect(within(filters()).queryByRole('group', { name: 'Size', hidden: true })).toBeNull()
  })

  it('narrow the search, say so with their full names, and go one by one or all at once', async () => {
    searchAnswers(() => answer(['Red mug'], { facets: FACETS }))
    const user = userEvent.setup()
    open('/?q=mug')
    await user.click(await within(filters()).findByRole('checkbox', { name: 'Acme & Söhne 1' }))
    expect(within(filters()).getByRole('checkbox', { name: 'Acme & Söhne 1' })).toBeChecked()
    await user.click(within(filters()).getByRole('checkbox', { name: 'wood 2' }))
    await user.click(within(filters()).getByRole('checkbox', { name: 'In stock only' }))
    await waitFor(() =>
      expect(searches().at(-1)?.filters).toMatchObject({
        brand: ['Acme & Söhne'],
        attributes: { material: ['wood'] },
        in_stock: true,
      }),
    )
    expect(new URLSearchParams(address().slice(2)).get('f.brand')).toBe('Acme & Söhne')
    const on = screen.getByRole('list', { name: 'Filters that are on' })
    await user.click(within(on).getByRole('button', { name: 'Remove Brand: Acme & Söhne' }))
    expect(searches().at(-1)?.filters).toMatchObject({ brand: null })
    await user.click(within(on).getByRole('button', { name: 'Clear all filters' }))
    expect(address()).toBe('/?q=mug')
  })

  it('list all values of a field, with a way to find one; the most frequent where there may be more', async () => {
    const values = (name: string, count: number) => Array.from({ length: count }, (_, at) => ({ value: `${name} ${at}`, count: 1 }))
    searchAnswers(() => answer(['Red mug'], { facets: { fields: { brand: values('Brand', 30), size: values('Size', 100) }, price: null } }))
    const user = userEvent.setup()
    open('/?q=mug&f.brand=Brand+29')
    await card('Red mug') // the group is there before, with what is chosen alone
    const brand = await within(filters()).findByRole('group', { name: 'Brand' })
    expect(searches()[0]).toMatchObject({ facet_values: 100 })
    expect(within(brand).getAllByRole('checkbox')).toHaveLength(7)
    await user.click(within(brand).getByRole('button', { name: 'Show all 30' }))
    expect(within(brand).getAllByRole('checkbox')).toHaveLength(30)
    const field = within(brand).getByRole('searchbox', { name: 'Find in Brand' })
    await user.type(field, 'brand 17')
    expect(within(brand).getAllByRole('checkbox')).toHaveLength(1)
    await user.type(field, '8')
    expect(within(brand).getByRole('status')).toHaveTextContent('None of them.')
    await user.click(within(brand).getByRole('button', { name: 'Show fewer' }))
    expect(within(brand).getAllByRole('checkbox')).toHaveLength(7)
    const size = within(filters()).getByRole('group', { name: 'Size' })
    expect(within(size).getByRole('button', { name: 'Show the 100 most frequent' })).toBeInTheDocument()
  })

  it('name the currency that a price range is in', async () => {
    searchAnswers(() => answer(['Red mug'], { facets: { fields: {}, price: { min: 5, max: 50, currency: 'GBP' } } }))
    open('/?q=mug')
    const price = await within(filters()).findByRole('group', { name: 'Price' })
    expect(within(price).getByRole('spinbutton', { name: 'From £' })).toBeVisible()
    expect(within(price).getByRole('slider', { name: 'Highest price' })).toHaveAttribute('aria-valuetext', '£50.00')
  })

  it.each([
    ['GBP', '£10 to £20.50'],
    [null, '10 to 20.50'],
  ])('name it where they are on: %s', async (currency, range) => {
    searchAnswers(() => answer(['Red mug'], { facets: { fields: {}, price: { min: 5, max: 50, currency } } }))
    open('/?q=mug&min=10&max=20.5')
    await card('Red mug')
    expect(screen.getByRole('button', { name: `Remove Price: ${range}` })).toBeVisible()
  })

  it('take a price range, and refuse one that is the wrong way round', async () => {
    searchAnswers(() => answer(['Red mug'], { facets: FACETS }))
    const user = userEvent.setup()
    open('/?q=mug')
    const price = await within(filters()).findByRole('group', { name: 'Price' })
    expect(within(price).getByRole('spinbutton', { name: 'From' })).toHaveAttribute('placeholder', '4')
    await user.type(within(price).getByRole('spinbutton', { name: 'From' }), '20')
    await user.type(within(price).getByRole('spinbutton', { name: 'To' }), '10{Enter}')
    expect(within(price).getByRole('alert')).toHaveTextContent('above the higher one')
    expect(address()).toBe('/?q=mug')
    await user.clear(within(price).getByRole('spinbutton', { name: 'From' }))
    await user.click(within(price).getByRole('button', { name: 'Apply' }))
    expect(address()).toBe('/?q=mug&max=10')
    await user.type(within(price).getByRole('spinbutton', { name: 'From' }), '5{Enter}')
    expect(address()).toBe('/?q=mug&min=5&max=10')
    // The keyboard goes on from where it is.
    expect(within(price).getByRole('spinbutton', { name: 'From' })).toHaveFocus()
    await user.click(screen.getByRole('button', { name: 'Remove Price: 5 to 10' }))
    expect(address()).toBe('/?q=mug')
    expect(within(price).getByRole('spinbutton', { name: 'From' })).toHaveValue(null)
    // Its answer is known, so it changes at once; the button is gone, and the keyboard stays in its row.
    expect(document.body).not.toHaveFocus()
  })

  it('open in a dialog on a small screen', async () => {
    searchAnswers(() => answer(['Red mug'], { facets: FACETS }))
    const user = userEvent.setup()
    open('/?q=mug&f.brand=Lumo')
    await card('Red mug')
    await user.click(screen.getByRole('button', { name: 'Filters 1 on' }))
    const dialog = screen.getByRole('dialog', { name: 'Filters' })
    await user.click(await within(dialog).findByRole('checkbox', { name: 'wood 2' }))
    expect(address()).toBe('/?q=mug&f.brand=Lumo&f.material=wood')
    await user.click(within(dialog).getByRole('button', { name: 'Show 1 product' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  })

  it('stay in sight when nothing passes them, with a way out', async () => {
    searchAnswers((body) => (body.filters?.brand ? answer([], { facets: { fields: {}, price: null } }) : answer(['Red mug'])))
    const user = userEvent.setup()
    open('/?q=mug&f.brand=Gone')
    expect(await screen.findByText('No product passes all the filters that are on.')).toBeVisible()
    expect(await within(filters()).findByRole('checkbox', { name: 'Gone 0' })).toBeChecked()
    const [clear] = screen.getAllByRole('button', { name: 'Clear all filters' })
    if (!clear) throw new Error('nothing clears the filters')
    await user.click(clear)
    await card('Red mug')
  })
})

describe('order and pages', () => {
  it('sort by what is chosen', async () => {
    searchAnswers(() => answer(['Red mug']))
    const user = userEvent.setup()
    open('/?q=mug')
    await user.selectOptions(screen.getByRole('combobox', { name: 'Sort by' }), 'Price, low to high')
    expect(address()).toBe('/?q=mug&sort=price_asc')
    await waitFor(() => expect(searches().at(-1)?.sort).toBe('price_asc'))
  })

  it('load the next page below the one before, each product once, and keep both when one comes back', async () => {
    searchAnswers(({ cursor }) =>
      cursor ? answer(['B', 'C'], { found: 3 }) : answer(['A', 'B'], { found: 3, cursor: 'next' }),
    )
    hasProduct(product('p/A', 'A'))
    const user = userEvent.setup()
    open('/?q=mug&k=10')
    await card('A')
    expect(screen.getByText('2 of 3 shown')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Show more' }))
    await card('C')
    expect(titles()).toEqual(['A', 'B', 'C'])
    expect(searches().at(-1)).toEqual({ cursor: 'next', k: 10 })
    expect(screen.queryByRole('button', { name: 'Show more' })).toBeNull()
    // The keyboard goes on with what is new.
    expect(screen.getByRole('link', { name: 'More info on C' })).toHaveFocus()
    await waitFor(() => expect(address()).toBe('/?q=mug&k=10&shown=3'))
    await user.click(screen.getByRole('link', { name: 'More info on A' }))
    await user.click(await screen.findByRole('link', { name: /Back to the results/ }))
    expect(titles()).toEqual(['A', 'B', 'C'])
    expect(searches()).toHaveLength(2)
  })

  it('are as many as before when the page is loaded again, and the first page alone for another search', async () => {
    searchAnswers(({ cursor, query }) =>
      cursor
        ? answer(['D', 'E'], { found: 300, cursor: 'third' })
        : answer([query ?? '', 'B', 'C'], { found: 300, cursor: 'second' }),
    )
    const user = userEvent.setup()
    open('/?q=A&k=20&shown=5')
    await card('E')
    expect(titles()).toEqual(['A', 'B', 'C', 'D', 'E'])
    expect(searches().map(({ k }) => k)).toEqual([20, 100])
    await user.selectOptions(screen.getByRole('combobox', { name: 'Sort by' }), 'price_asc')
    expect(address()).toBe('/?q=A&sort=price_asc')
  })

  it('keep what is shown when the next page fails, and try again', async () => {
    let down = true
    gateway.set('POST /search', (body) =>
      !(body as { cursor?: string }).cursor
        ? answer(['A'], { found: 2, cursor: 'next' })
        : down
          ? { status: 503, body: {} }
          : answer(['B'], { found: 2 }),
    )
    const user = userEvent.setup()
    open('/?q=mug')
    await user.click(await screen.findByRole('button', { name: 'Show more' }))
    expect(await screen.findByRole('button', { name: 'Try again' })).toBeVisible()
    expect(titles()).toEqual(['A'])
    down = false
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    await card('B')
  })

  it('throw a page away that comes after its search was left', async () => {
    let release: () => void = () => undefined
    const slow = new Promise<void>((resolve) => (release = resolve))
    gateway.set('POST /search', async (body) => {
      const { cursor, query } = body as { cursor?: string; query?: string }
      if (cursor) await slow
      return cursor ? answer(['late'], { found: 2 }) : answer([query ?? ''], { found: 2, cursor: 'next' })
    })
    const user = userEvent.setup()
    open('/?q=one')
    await user.click(await screen.findByRole('button', { name: 'Show more' }))
    await user.clear(screen.getByRole('combobox', { name: 'Search for products' }))
    await user.type(screen.getByRole('combobox', { name: 'Search for products' }), 'two{Enter}')
    await card('two')
    release()
    await Promise.resolve()
    expect(titles()).toEqual(['two'])
  })
})
