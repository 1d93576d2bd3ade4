import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'

import { address, answer, card, hasProduct, open, product, searchAnswers, searches } from './pages'
import { asked, gateway, noNetwork } from './setup'

const shelf = (name: string) => screen.findByRole('region', { name })

describe('the product page', () => {
  it('shows everything that is known, as text, and goes back to the same search', async () => {
    searchAnswers(() => answer(['Red mug']))
    hasProduct(product('p/Red mug', 'Red mug', { attributes: { color: 'red', in_stock: 'false', made_in: 'Wales' } }))
    const user = userEvent.setup()
    open('/?q=mug&k=50')
    await user.click(await screen.findByRole('link', { name: 'More info on Red mug' }))
    expect(await screen.findByRole('heading', { level: 1, name: 'Red mug' })).toHaveFocus()
    expect(screen.getByText('<b>text</b> & more')).toBeVisible()
    const facts = screen.getAllByRole('term').map((term) => [term.textContent, term.nextSibling?.textContent])
    expect(facts).toEqual([
      ['Brand', 'Lumo'],
      ['Category', 'Kitchen > Mugs'],
      ['Colour', 'red'],
      ['Availability', 'Out of stock'],
      ['Made in', 'Wales'],
    ])
    expect(screen.getByRole('link', { name: /See it in the shop/ })).toHaveAttribute('rel', 'noopener noreferrer')
    const back = screen.getByRole('link', { name: /Back to the results/ })
    expect(back).toHaveAttribute('href', '/?q=mug&k=50')
    await user.click(back)
    await card('Red mug')
    expect(asked.filter((one) => one.route === 'POST /search')).toHaveLength(1)
  })

  it('shows the pictures of a feed: the one that is kept here, and the links to the others', async () => {
    const more_images = 'https://cdn.example/2.jpg javascript:alert(1) https://cdn.example/3.jpg https://cdn.example/2.jpg'
    hasProduct(product('p1', 'Mug', { image_url: '/images/ab/1.webp', attributes: { more_images } }))
    open('/product/p1')
    const large = await screen.findByRole('button', { name: 'Show larger: Mug' })
    const shown = () => within(large).getByRole('img')
    expect(shown()).toHaveAttribute('src', expect.stringMatching(/\/images\/ab\/1\.webp$/))
    expect(shown()).toHaveAttribute('srcset', expect.stringContaining('/images/ab/1.webp?width=960 960w'))
    const all = within(screen.getByRole('list', { name: 'More pictures' })).getAllByRole('button')
    expect(all.map((one) => one.querySelector('img')?.getAttribute('src'))).toEqual([
      expect.stringMatching(/\/images\/ab\/1\.webp$/),
      'https://cdn.example/2.jpg',
      'https://cdn.example/3.jpg',
    ])
    const user = userEvent.setup()
    await user.click(screen.getByRole('button', { name: 'Picture 3 of Mug' }))
    expect(shown()).toHaveAttribute('src', 'https://cdn.example/3.jpg')
    expect(shown()).not.toHaveAttribute('srcset')
    expect(screen.queryByText(/cdn\.example/)).toBeNull()
  })

  it('shows the picture that matched: on its card, and first on its page', async () => {
    const matched_image = '/images/cd/2.webp'
    const attributes = { more_images: `https://cdn.example/3.jpg ${matched_image}` }
    const mug = product('p/Mug', 'Mug', { image_url: '/images/ab/1.webp', attributes, matched_image })
    searchAnswers(() => answer([], { results: [mug], found: 1 }))
    hasProduct(mug)
    open('/?q=handle')
    const found = await card('Mug')
    expect(within(found).getByRole('img')).toHaveAttribute('src', expect.stringMatching(/\/images\/cd\/2\.webp$/))
    await userEvent.setup().click(screen.getByRole('link', { name: 'More info on Mug' }))
    const large = await screen.findByRole('button', { name: 'Show larger: Picture 3 of Mug' })
    expect(within(large).getByRole('img')).toHaveAttribute('src', expect.stringMatching(/\/images\/cd\/2\.webp$/))
    const all = within(screen.getByRole('list', { name: 'More pictures' })).getAllByRole('button')
    expect(all.map((one) => one.getAttribute('aria-pressed'))).toEqual(['false', 'false', 'true'])
  })

  it('opens a picture larger, and larger still, and walks through all of them', async () => {
    const more_images = 'https://cdn.example/2.jpg'
    hasProduct(product('p1', 'Mug', { attributes: { more_images } }))
    const user = userEvent.setup()
    open('/product/p1')
    await user.click(await screen.findByRole('button', { name: 'Show larger: Mug' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Mug' }))
    const stage = () => dialog.getByRole('img').parentElement?.style.width
    expect(stage()).toBe('100%')
    await user.click(dialog.getByRole('button', { name: 'Larger' }))
    expect(stage()).toBe('150%')
    await user.keyboard('+++')
    expect(stage()).toBe('300%')
    expect(dialog.getByRole('button', { name: 'Larger' })).toHaveAttribute('aria-disabled', 'true')
    await user.click(dialog.getByRole('img'))
    expect(stage()).toBe('100%')
    await user.click(dialog.getByRole('button', { name: 'Next picture' }))
    expect(dialog.getByRole('img')).toHaveAttribute('src', 'https://cdn.example/2.jpg')
    await user.keyboard('{ArrowRight}')
    expect(dialog.getByRole('img')).toHaveAttribute('src', expect.stringMatching(/\/images\//))
    await user.click(dialog.getByRole('button', { name: 'Close' }))
    expect(screen.queryByRole('dialog')).toBeNull()
  })

  it('offers no larger picture of one that is gone', async () => {
    hasProduct(product('p1', 'Mug'))
    open('/product/p1')
    const large = await screen.findByRole('button', { name: 'Show larger: Mug' })
    fireEvent.error(within(large).getByRole('img'))
    expect(await screen.findByText('No picture')).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Show larger: Mug' })).toBeNull()
  })

  it('shows the products viewed before, and forgets them on request', async () => {
    hasProduct(product('p1', 'Red mug'))
    hasProduct(product('p2', 'Blue mug'))
    const user = userEvent.setup()
    const first = open('/product/p1')
    await screen.findByRole('heading', { level: 1, name: 'Red mug' })
    expect(screen.queryByRole('region', { name: 'You looked at' })).toBeNull()
    first.unmount()
    open('/product/p2')
    const seen = within(await shelf('You looked at'))
    expect(seen.getAllByRole('link').map((one) => one.textContent)).toEqual(['Red mug'])
    await user.click(seen.getByRole('button', { name: 'Forget them' }))
    expect(screen.queryByRole('region', { name: 'You looked at' })).toBeNull()
  })

  it('changes the search that led to it: more of this, or less', async () => {
    searchAnswers(() => answer(['Red mug']))
    hasProduct(product('p/Red mug', 'Red mug'))
    const user = userEvent.setup()
    open('/?q=mug&unlike=p%2FRed+mug&k=50')
    await user.click(await screen.findByRole('link', { name: 'More info on Red mug' }))
    const refine = within(await shelf('Change your search for “mug”'))
    expect(refine.getByRole('link', { name: 'Less of this' })).toHaveAttribute('href', '/?q=mug&unlike=p%2FRed+mug&k=50')
    await user.click(refine.getByRole('link', { name: 'More of this' }))
    await card('Red mug')
    expect(searches().at(-1)?.terms).toEqual([{ product_id: 'p/Red mug', weight: 1 }])
    expect(address()).toBe('/?q=mug&like=p%2FRed+mug&k=50')
  })

  it('never links to anything but the web', async () => {
    hasProduct(product('p1', 'Trap', { product_url: 'javascript:alert(1)', image_url: 'javascript:alert(2)' }))
    open('/product/p1')
    await screen.findByRole('heading', { level: 1, name: 'Trap' })
    expect(screen.queryByRole('link', { name: /shop/ })).toBeNull()
    expect(screen.queryByRole('img')).toBeNull()
    expect(screen.getByText('No picture')).toBeVisible()
  })

  it('says when there is no such product, and does not offer to ask again', async () => {
    gateway.set('GET /products/none', () => ({ status: 404, body: { detail: 'x' } }))
    open('/product/none')
    expect(await screen.findByRole('alert')).toHaveTextContent('There is no such product')
    expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull()
    await waitFor(() => expect(document.title).toMatch(/^There is no such product/))
  })

  it('says what went wrong, and asks again', async () => {
    gateway.set('GET /products/p1', () => ({ status: 503, body: { detail: 'x', instance: 'r-17' } }))
    const user = userEvent.setup()
    open('/product/p1')
    expect(await screen.findByRole('alert')).toHaveTextContent('r-17')
    hasProduct(product('p1', 'Red mug'))
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    expect(await screen.findByRole('heading', { level: 1, name: 'Red mug' })).toBeVisible()
    expect(document.body).not.toHaveFocus()
  })

  it('shows the price before a reduction struck through', async () => {
    hasProduct(product('p1', 'Red mug', { list_price: 19.9 }))
    open('/product/p1')
    const before = await screen.findByText('€19.90')
    expect(before.tagName).toBe('S')
    expect(before.parentElement).toHaveTextContent('Price now: €12.90 Price before: €19.90')
  })

  it('shows a product with nothing but a title, and asks for no look of it', async () => {
    hasProduct({ product_id: 'bare', title: 'Bare', description: '', attributes: {}, price: null, currency: null })
    open('/product/bare')
    expect(await screen.findByRole('heading', { level: 1, name: 'Bare' })).toBeVisible()
    expect(screen.queryByText(/on request/)).toBeNull()
    await waitFor(() => expect(screen.queryByRole('region')).toBeNull())
    expect(asked).toContainEqual({ route: 'GET /products/bare/similar', body: { by: 'words', k: 6 } })
    expect(asked).not.toContainEqual({ route: 'GET /products/bare/similar', body: { by: 'look', k: 6 } })
  })
})

describe('similar products', () => {
  it('are told apart by look and by words, and one way leads back from the last of them', async () => {
    searchAnswers(() => answer(['Red mug']))
    hasProduct(product('p/Red mug', 'Red mug'))
    gateway.set('GET /products/p%2FRed%20mug/similar', (asks) =>
      answer([(asks as { by: string }).by === 'look' ? 'Red bowl' : 'Red cup']),
    )
    hasProduct(product('p/Red bowl', 'Red bowl'))
    const user = userEvent.setup()
    open('/?q=mug')
    await user.click(await screen.findByRole('link', { name: 'More info on Red mug' }))
    expect(await within(await shelf('Described like this')).findByRole('heading', { name: 'Red cup' })).toBeVisible()
    await user.click(await within(await shelf('Looks like this')).findByRole('link', { name: 'More info on Red bowl' }))
    expect(await screen.findByRole('heading', { level: 1, name: 'Red bowl' })).toHaveFocus()
    await user.click(screen.getByRole('link', { name: /Back to the results/ }))
    expect(await screen.findByRole('combobox', { name: 'Search for products' })).toHaveValue('mug')
  })

  it('that do not come leave the product whole, and can be asked for again', async () => {
    hasProduct(product('p1', 'Red mug', { image_url: null }))
    gateway.set('GET /products/p1/similar', noNetwork)
    const user = userEvent.setup()
    open('/product/p1')
    const words = await shelf('Described like this')
    expect(await within(words).findByRole('alert')).toHaveTextContent('could not be loaded')
    expect(screen.getByRole('heading', { level: 1, name: 'Red mug' })).toBeVisible()
    gateway.set('GET /products/p1/similar', () => answer(['Red cup']))
    await user.click(within(words).getByRole('button', { name: 'Try again' }))
    expect(await within(words).findByRole('heading', { name: 'Red cup' })).toBeVisible()
    expect(within(words).getByRole('heading', { name: 'Described like this' })).toHaveFocus()
  })

  it('by look are left out where the service does not know it', async () => {
    hasProduct(product('p1', 'Red mug', { image_url: 'https://elsewhere.example/mug.jpg' }))
    gateway.set('GET /products/p1/similar', (asks) =>
      (asks as { by: string }).by === 'look' ? { status: 422, body: { detail: 'no picture' } } : answer(['Red cup']),
    )
    open('/product/p1')
    await within(await shelf('Described like this')).findByRole('heading', { name: 'Red cup' })
    expect(screen.queryByRole('region', { name: 'Looks like this' })).toBeNull()
  })
})
