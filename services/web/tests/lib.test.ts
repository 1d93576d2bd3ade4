import { readFileSync } from 'node:fs'

import { afterEach, describe, expect, it, vi } from 'vitest'

import { toBaseUrl } from '../src/api/base-url'
import { priceText } from '../src/components/price'
import { choicesOf, toggled } from '../src/features/facets/choices'
import { isLanguage, LANGUAGES } from '../src/i18n/languages'
import { rootPath } from '../src/lib/root-path'
import { WHOLE, within } from '../src/lib/crop'

describe('the address of the gateway', () => {
  it.each([
    [undefined, ''],
    ['  ', ''],
    ['https://api.example.org', 'https://api.example.org'],
    ['https://example.org/search-api/', 'https://example.org/search-api'],
    ['http://127.0.0.1:7860', 'http://127.0.0.1:7860'],
  ])('%s is %s', (value, address) => {
    expect(toBaseUrl(value)).toBe(address)
  })

  it.each(['api.example.org', '/api', 'ftp://example.org', 'https://example.org/?x=1', 'https://'])(
    'refuses %s, and says what is wanted',
    (value) => {
      expect(() => toBaseUrl(value)).toThrow(/VITE_API_URL must be an http\(s\) address/)
    },
  )
})

describe('a price', () => {
  it.each([
    [12.9, 'EUR', 'en', '€12.90'],
    [12.9, 'EUR', 'de', '12,90\u00a0€'],
    [0, 'EUR', 'en', '€0.00'],
    [0.01, 'EUR', 'en', '€0.01'],
    [0.0042, 'EUR', 'en', '€0.0042'],
    [0.3, 'JPY', 'en', '¥0.3'],
    [0.0042, null, 'en', '0.0042'],
    [12.9, null, 'de', '12,90'],
    [12.9, 'points', 'en', '12.90 points'],
  ] as const)('%d of %s in %s is %s', (price, currency, language, text) => {
    expect(priceText(price, currency, language)).toBe(text)
  })
})

describe('the frame before the page', () => {
  const root = document.documentElement
  const start = () => new Function(readFileSync('public/start.js', 'utf8'))()
  afterEach(() => {
    localStorage.clear()
    vi.restoreAllMocks()
    window.history.replaceState(null, '', '/')
  })

  it.each(Object.keys(LANGUAGES).filter(isLanguage))('has the direction of the language: %s', (language) => {
    localStorage.setItem('language', JSON.stringify(language))
    start()
    expect(root).toHaveAttribute('dir', LANGUAGES[language].direction)
    localStorage.clear()
    vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['fr-XX', `${language}-XX`, 'ar', 'en'])
    start()
    expect(root).toHaveAttribute('dir', LANGUAGES[language].direction)
  })

  it.each([
    ['/', 'start'],
    ['/shop/?utm_source=x', 'start'],
    ['/?q=mug', 'results'],
    ['/search?k=50&f.brand=Lumo', 'results'],
    ['/shop/product/1', 'results'],
  ])('is that of %s', (address, frame) => {
    window.history.replaceState(null, '', address)
    start()
    expect(root.dataset['opens']).toBe(frame)
  })
})

describe('a part of a picture', () => {
  it.each([
    [{ x: -1, y: 2, width: 3, height: 0 }],
    [{ x: 0.3335, y: 0.3335, width: 0.6665, height: 0.6665 }],
    [{ x: 0.99, y: 0.5, width: 0.333, height: Number.NaN }],
    [WHOLE],
  ])('always lies within the picture', (wanted) => {
    const { x, y, width, height } = within(wanted)
    for (const value of [x, y]) expect(value).toBeGreaterThanOrEqual(0)
    for (const value of [width, height]) expect(value).toBeGreaterThanOrEqual(0.05)
    expect(x + width).toBeLessThanOrEqual(1 + 1e-6)
    expect(y + height).toBeLessThanOrEqual(1 + 1e-6)
  })
})

describe('the choices of a field', () => {
  const facets = {
    fields: {
      brand: [
        { value: 'Lumo', count: 3 },
        { value: 'Acme', count: 1 },
      ],
      category: [
        { value: 'Kitchen', count: 5 },
        { value: 'Clothing', count: 4 },
        { value: 'Kitchen > Mugs', count: 3 },
        { value: 'Clothing > Socks', count: 3 },
        { value: 'Kitchen > Bowls', count: 2 },
      ],
    },
    price: null,
  }

  it('keep what is chosen in sight when nothing found has it', () => {
    expect(choicesOf('brand', facets, ['Gone', 'Lumo']).map(({ value, count }) => [value, count])).toEqual([
      ['Lumo', 3],
      ['Acme', 1],
      ['Gone', 0],
    ])
  })

  it('show each category below the one it belongs to', () => {
    expect(choicesOf('category', facets, []).map(({ label, depth }) => `${depth} ${label}`)).toEqual([
      '0 Kitchen',
      '1 Mugs',
      '1 Bowls',
      '0 Clothing',
      '1 Socks',
    ])
  })

  it('let a category take the place of those above and below it', () => {
    expect(toggled('category', ['Kitchen', 'Clothing'], 'Kitchen > Mugs')).toEqual(['Clothing', 'Kitchen > Mugs'])
    expect(toggled('category', ['Kitchen > Mugs', 'Kitchen > Bowls'], 'Kitchen')).toEqual(['Kitchen'])
    expect(toggled('brand', ['a'], 'b')).toEqual(['a', 'b'])
    expect(toggled('brand', ['a', 'b'], 'a')).toEqual(['b'])
  })
})

describe('the path below which the page is served', () => {
  it.each([
    ['https://shop.example/', '/product/a', ''],
    ['https://shop.example/shop/', '/shop/', '/shop'],
    ['https://shop.example/shop/', '/shop/product/a%2Fb', '/shop'],
    ['https://shop.example/a/b/', '/a/b/search', '/a/b'],
    // Opened without the proxy whose path the server is set to.
    ['https://shop.example/shop/', '/product/a', ''],
    ['https://shop.example/shop/', '/shopping', ''],
  ])('is read from %s at %s', (base, pathname, root) => {
    expect(rootPath(base, pathname)).toBe(root)
  })
})
