import { describe, expect, it } from 'vitest'

import { DEFAULTS, readSettings, writeSettings, type SearchSettings } from '../src/lib/search-params'

const roundTrip = (settings: SearchSettings) =>
  readSettings(new URLSearchParams(writeSettings(settings).toString()))

const HARD = ['100% cotton', '%', 'a+b & c=d', 'قبعة حمراء', '红色的鞋', '👟', '"quoted" <b>', '#1 ?', 'Kitchen > Mugs']

describe('the address of a search', () => {
  it('leaves defaults out', () => {
    expect(writeSettings(DEFAULTS).toString()).toBe('')
    expect(readSettings(new URLSearchParams())).toEqual(DEFAULTS)
  })

  it.each(HARD)('brings %s back as it was, wherever it stands', (text) => {
    const settings: SearchSettings = {
      ...DEFAULTS,
      query: text,
      like: [text],
      unlike: [text],
      filters: { brand: [text, 'another'], [`field ${text}`]: [text] },
    }
    expect(roundTrip(settings)).toEqual(settings)
  })

  it('brings every setting back', () => {
    const settings: SearchSettings = {
      query: 'mug',
      picture: 'UDHbqnPCeNpjYGBgYAACAA-_',
      look: 'tiny',
      like: ['sample-0001', 'a/b'],
      unlike: ['sample-0002', 'c'],
      lean: 0.7,
      k: 50,
      threshold: 0.35,
      words: 0,
      rewrite: false,
      exact: true,
      everywhere: true,
      weak: true,
      variants: true,
      sort: 'price_desc',
      filters: { category: ['Kitchen > Mugs'], material: ['wood', 'bamboo'] },
      inStock: true,
      price: { min: 0, max: 19.99 },
      shown: 80,
    }
    expect(roundTrip(settings)).toEqual(settings)
  })

  it.each([
    'k=0',
    'k=1e9',
    'k=NaN',
    'k=',
    'least=7',
    'least=abc',
    'words=-1',
    'lean=0',
    'rewrite=maybe',
    'weak=false',
    'sort=cheapest',
    'picture=not/an+id',
    'min=-3',
    'max=Infinity',
    'q=%20%20',
    'like=&like=',
    'f.=x',
    'f.brand=',
  ])('takes %s for the default', (text) => {
    expect(readSettings(new URLSearchParams(text))).toEqual(DEFAULTS)
  })

  it('takes a price range that nothing can be in for its lower end alone', () => {
    expect(readSettings(new URLSearchParams('min=20&max=10')).price).toEqual({ min: 20, max: null })
  })

  it('takes no more than the gateway does', () => {
    const many = new URLSearchParams()
    for (let number = 0; number < 200; number++) {
      many.append('like', `p${number}`)
      many.append('unlike', `w${number}`)
      many.append('f.brand', `b${number}`)
    }
    many.set('q', 'x'.repeat(5000))
    const { like, unlike, filters, query } = readSettings(many)
    expect([like.length, unlike.length, filters['brand']?.length, query.length]).toEqual([3, 3, 100, 1000])
  })
})
