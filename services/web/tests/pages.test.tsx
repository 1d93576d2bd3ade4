import { fireEvent, render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { MemoryRouter } from 'react-router-dom'
import { describe, expect, it } from 'vitest'

import { App } from '../src/app/app'
import { asked, gateway, noNetwork } from './setup'

const product = (id: string, title: string, extra: object = {}) => ({
  product_id: id,
  title,
  description: '<b>text</b> & more',
  brand: 'Lumo',
  category: 'Kitchen > Mugs',
  price: 12.9,
  currency: 'EUR',
  image_url: '/images/aa/a.webp',
  product_url: 'https://shop.example/p/1',
  attributes: { color: 'red' },
  ...extra,
})

const answer = (titles: string[], extra: object = {}) => ({
  body: {
    original_query: 'mug',
    rewritten_query: 'mug',
    rewrite_source: 'disabled',
    results: titles.map((title, place) => ({ ...product(`p/${place}`, title), score: 0.9 - place / 10 })),
    degraded: [],
    model: 'mini-clip@1',
    catalogue_version: 'v1',
    took_ms: 7.4,
    request_id: 'r1',
    ...extra,
  },
})

const open = (address = '/') =>
  render(
    <MemoryRouter initialEntries={[address]}>
      <App />
    </MemoryRouter>,
  )

const titles = () => screen.getAllByRole('heading', { level: 2 }).map((one) => one.textContent)

describe('searching by words', () => {
  it('shows cards with title, brand, price, score and a way to more', async () => {
    gateway.set('POST /predict', () => answer(['Red mug', 'Blue mug']))
    const user = userEvent.setup()
    open()
    await user.type(screen.getByRole('searchbox'), 'mug{Enter}')
    const card = (await screen.findByRole('heading', { name: 'Red mug' })).closest('article')
    if (!card) throw new Error('no card')
    expect(within(card).getByText('Lumo')).toBeVisible()
    expect(within(card).getByText('€12.90')).toBeVisible()
    expect(within(card).getByText('0.900')).toBeVisible()
    expect(within(card).getByRole('link', { name: 'More info on Red mug' })).toHaveAttribute('href', '/product/p%2F0')
    expect(screen.getByText('2 products · 7 ms')).toBeVisible()
    expect(asked[0]?.body).toMatchObject({ query: 'mug', k: 20, threshold: null, rewrite: true, weights: null })
  })

  it('asks again as the address says, with every setting', async () => {
    gateway.set('POST /predict', () => answer(['Red mug']))
    open('/?q=mug&k=50&least=0.4&words=0.25&rewrite=off')
    await screen.findByRole('heading', { name: 'Red mug' })
    expect(asked[0]?.body).toEqual({
      query: 'mug',
      k: 50,
      threshold: 0.4,
      rewrite: false,
      weights: { text: 0.25, image: 0.75 },
    })
  })

  it('never lets an earlier, slower answer replace a later one', async () => {
    let release: () => void = () => undefined
    const slow = new Promise<void>((resolve) => (release = resolve))
    gateway.set('POST /predict', async (body) => {
      const { query } = body as { query: string }
      if (query === 'slow') await slow
      return answer([query])
    })
    const user = userEvent.setup()
    open('/?q=slow')
    const box = screen.getByRole('searchbox')
    await user.clear(box)
    await user.type(box, 'quick{Enter}')
    await screen.findByRole('heading', { name: 'quick' })
    release()
    await waitFor(() => expect(asked).toHaveLength(2))
    await Promise.resolve()
    expect(titles()).toEqual(['quick'])
  })

  it('brings the cursor to the box with a slash, but lets one be typed', async () => {
    const user = userEvent.setup()
    open()
    await user.keyboard('/')
    const box = screen.getByRole('searchbox')
    expect(box).toHaveFocus()
    await user.keyboard('1/2')
    expect(box).toHaveValue('1/2')
  })

  it('remembers what was searched, and forgets it when asked to', async () => {
    gateway.set('POST /predict', () => answer(['Red mug']))
    const user = userEvent.setup()
    const first = open()
    await user.type(screen.getByRole('searchbox'), 'my own words{Enter}')
    await screen.findByRole('heading', { name: 'Red mug' })
    first.unmount()
    open()
    expect(screen.getByRole('button', { name: 'my own words' })).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Forget them' }))
    expect(screen.queryByRole('button', { name: 'my own words' })).toBeNull()
  })

  it('says what was really searched for, and goes back to the original in one click', async () => {
    gateway.set('POST /predict', (body) =>
      (body as { rewrite: boolean }).rewrite
        ? answer(['Rewritten'], { rewritten_query: 'red ceramic mug' })
        : answer(['Original']),
    )
    const user = userEvent.setup()
    open('/?q=mug')
    await screen.findByText('Searched for “red ceramic mug”.')
    await user.click(screen.getByRole('button', { name: 'Search for “mug” instead' }))
    expect(await screen.findByRole('heading', { name: 'Original' })).toBeVisible()
  })

  it('says so when a part of the service is away', async () => {
    gateway.set('POST /predict', () => answer(['Red mug'], { degraded: ['rewriter'] }))
    open('/?q=mug')
    expect(await screen.findByText(/Part of the service/)).toBeVisible()
  })
})

describe('an answer without products', () => {
  it('names the threshold as the cause and takes it away', async () => {
    gateway.set('POST /predict', (body) =>
      (body as { threshold: number | null }).threshold === null ? answer(['Near']) : answer([]),
    )
    const user = userEvent.setup()
    open('/?q=mug&least=0.9')
    await user.click(await screen.findByRole('button', { name: 'Show the nearest anyway' }))
    expect(await screen.findByRole('heading', { name: 'Near' })).toBeVisible()
  })
})

describe('a failure', () => {
  it('is shown in place with a retry and the request id', async () => {
    let down = true
    gateway.set('POST /predict', () =>
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
    expect(await screen.findByRole('heading', { name: 'Red mug' })).toBeVisible()
  })

  it('without an answer asks whether one is online', async () => {
    gateway.set('POST /predict', noNetwork)
    open('/?q=mug')
    expect(await screen.findByRole('alert')).toHaveTextContent('Are you online?')
  })
})

describe('searching by picture', () => {
  const png = (name: string) => new File(['x'], name, { type: 'image/png' })

  it('sends the chosen file with the settings, shows it, and lets it go', async () => {
    gateway.set('POST /predict-image', () => answer(['Alike'], { original_query: null, rewritten_query: null }))
    const user = userEvent.setup()
    open('/?k=10&least=0.2')
    await user.upload(screen.getByTestId('picture-file'), png('mine.png'))
    expect(await screen.findByRole('heading', { name: 'Alike' })).toBeVisible()
    expect(screen.getByText('mine.png')).toBeVisible()
    const form = asked[0]?.body as FormData
    expect([form.get('k'), form.get('threshold')]).toEqual(['10', '0.2'])
    expect((form.get('image') as File).name).toBe('mine.png')
    await user.click(screen.getByRole('button', { name: 'Remove the picture' }))
    expect(screen.queryByText('mine.png')).toBeNull()
  })

  it('takes a pasted picture', async () => {
    gateway.set('POST /predict-image', () => answer(['Alike']))
    const user = userEvent.setup()
    open()
    await user.click(screen.getByRole('searchbox'))
    const data = { files: [png('pasted.png')], getData: () => '' } as unknown as DataTransfer
    await user.paste(data)
    expect(await screen.findByRole('heading', { name: 'Alike' })).toBeVisible()
  })

  it('takes a dropped picture', async () => {
    gateway.set('POST /predict-image', () => answer(['Alike']))
    open()
    const drop = new Event('drop', { bubbles: true, cancelable: true })
    Object.assign(drop, { dataTransfer: { files: [png('dropped.png')] } })
    fireEvent(window, drop)
    expect(await screen.findByRole('heading', { name: 'Alike' })).toBeVisible()
    expect(drop.defaultPrevented).toBe(true)
  })

  it('refuses a picture over the limit', async () => {
    const user = userEvent.setup()
    open()
    const large = new File([new Uint8Array(10_000_001)], 'large.png', { type: 'image/png' })
    await user.upload(screen.getByTestId('picture-file'), large)
    expect(await screen.findByRole('alert')).toHaveTextContent('larger than 10 MB')
    expect(asked).toHaveLength(0)
  })

  it('refuses other files before anything is sent', async () => {
    const user = userEvent.setup({ applyAccept: false })
    open()
    await user.upload(screen.getByTestId('picture-file'), new File(['x'], 'a.pdf', { type: 'application/pdf' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('not a JPEG, PNG or WebP')
    expect(asked).toHaveLength(0)
  })

  it('says so when the picture of a shared address is not here', () => {
    open('/?by=picture')
    expect(screen.getByText(/no longer here/)).toBeVisible()
  })
})

describe('the product page', () => {
  it('shows everything that is known, as text, and goes back to the same search', async () => {
    gateway.set('POST /predict', () => answer(['Red mug']))
    gateway.set('GET /products/p%2F0', () => ({ body: product('p/0', 'Red mug') }))
    const user = userEvent.setup()
    open('/?q=mug&k=50')
    await user.click(await screen.findByRole('link', { name: 'More info on Red mug' }))
    expect(await screen.findByRole('heading', { level: 1, name: 'Red mug' })).toBeVisible()
    expect(screen.getByText('<b>text</b> & more')).toBeVisible()
    expect(screen.getByText('color')).toBeVisible()
    expect(screen.getByRole('link', { name: /See it in the shop/ })).toHaveAttribute('rel', 'noopener noreferrer')
    const back = screen.getByRole('link', { name: /Back to the results/ })
    expect(back).toHaveAttribute('href', '/?q=mug&k=50')
    await user.click(back)
    expect(screen.getByRole('heading', { name: 'Red mug' })).toBeVisible()
    expect(asked.map((one) => one.route)).toEqual(['POST /predict', 'GET /products/p%2F0'])
  })

  it('never links to anything but the web', async () => {
    gateway.set('GET /products/p1', () => ({
      body: product('p1', 'Trap', { product_url: 'javascript:alert(1)', image_url: 'javascript:alert(2)' }),
    }))
    open('/product/p1')
    await screen.findByRole('heading', { level: 1, name: 'Trap' })
    expect(screen.queryByRole('link', { name: /shop/ })).toBeNull()
    expect(screen.queryByRole('img')).toBeNull()
    expect(screen.getByText('No picture')).toBeVisible()
  })

  it('says when there is no such product', async () => {
    gateway.set('GET /products/none', () => ({ status: 404, body: { detail: 'x' } }))
    open('/product/none')
    expect(await screen.findByRole('alert')).toHaveTextContent('There is no such product')
  })

  it('shows a product with nothing but a title', async () => {
    gateway.set('GET /products/bare', () => ({
      body: { product_id: 'bare', title: 'Bare', description: '', attributes: {}, price: null, currency: null },
    }))
    open('/product/bare')
    expect(await screen.findByRole('heading', { level: 1, name: 'Bare' })).toBeVisible()
    expect(screen.getByText('Price on request')).toBeVisible()
  })
})

describe('the page', () => {
  it('turns round for a language that is read from the right', async () => {
    const user = userEvent.setup()
    open()
    await user.click(screen.getByRole('button', { name: 'العربية' }))
    expect(document.documentElement).toHaveAttribute('dir', 'rtl')
    expect(document.documentElement).toHaveAttribute('lang', 'ar')
    expect(screen.getByRole('button', { name: 'بحث' })).toBeVisible()
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
