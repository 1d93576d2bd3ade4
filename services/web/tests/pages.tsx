/** What the tests of whole pages share: opening one, and answers of the gateway. */
import { act, render, screen, within } from '@testing-library/react'
import { useEffect } from 'react'
import { MemoryRouter, useLocation, useNavigate } from 'react-router-dom'

import type { Facets, Product, ScoredProduct, SearchAnswer, SearchRequest } from '../src/api/client'
import { App } from '../src/app/app'
import { asked, gateway } from './setup'

export const product = (id: string, title: string, extra: Partial<ScoredProduct> = {}): ScoredProduct => ({
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
  score: 0.9,
  strength: 'strong',
  ...extra,
})

export const answer = (titles: string[], extra: Partial<SearchAnswer> = {}): { body: SearchAnswer } => ({
  body: {
    original_query: 'mug',
    rewritten_query: 'mug',
    rewrite_source: 'disabled',
    results: titles.map((title, place) => product(`p/${title}`, title, { score: 0.9 - place / 100 })),
    found: titles.length,
    confidence: 0.9,
    facets: null,
    cursor: null,
    degraded: [],
    model: 'mini-clip@1',
    catalogue_version: 'v1',
    took_ms: 7.4,
    request_id: `r${asked.length}`,
    ...extra,
  },
})

export const FACETS: Facets = {
  fields: {
    category: [
      { value: 'Kitchen', count: 5 },
      { value: 'Kitchen > Mugs', count: 3 },
    ],
    brand: [
      { value: 'Lumo', count: 4 },
      { value: 'Acme & Söhne', count: 1 },
    ],
    material: [
      { value: 'wood', count: 2 },
      { value: 'steel', count: 1 },
    ],
    in_stock: [{ value: 'true', count: 5 }],
    size: [],
  },
  price: { min: 4.5, max: 29.9 },
}

/** Let every search be answered by this. */
export function searchAnswers(reply: (body: SearchRequest) => { body: SearchAnswer }): void {
  gateway.set('POST /search', (body) => reply(body as SearchRequest))
}

/** The bodies of the searches so far, without what the first visit asks of the catalogue. */
export const searches = (): SearchRequest[] =>
  asked
    .filter(({ route }) => route === 'POST /search')
    .map(({ body }) => body as SearchRequest)
    .filter(({ k }) => k !== 1)

let back = (): void => undefined

/** As the browser's own button. */
export const goBack = (): void => act(() => back())

function Address() {
  const { pathname, search } = useLocation()
  const navigate = useNavigate()
  useEffect(() => {
    back = () => void navigate(-1)
  }, [navigate])
  return <output data-testid="address">{pathname + search}</output>
}

export const open = (address = '/') =>
  render(
    <MemoryRouter initialEntries={[address]}>
      <App />
      <Address />
    </MemoryRouter>,
  )

export const address = (): string => screen.getByTestId('address').textContent

export const titles = (): (string | null)[] =>
  screen.queryAllByRole('article').map((card) => within(card).getByRole('heading').textContent)

export const card = async (title: string): Promise<HTMLElement> => {
  const found = (await screen.findByRole('heading', { level: 3, name: title })).closest('article')
  if (!found) throw new Error(`${title} is on no card`)
  return found
}

export const png = (name: string) => new File(['x'], name, { type: 'image/png' })

/** The catalogue has this product, and these like it. */
export function hasProduct(one: Product, similar: string[] = []): void {
  const path = `GET /products/${encodeURIComponent(one.product_id)}`
  gateway.set(path, () => ({ body: one }))
  gateway.set(`${path}/similar`, () => answer(similar))
}
