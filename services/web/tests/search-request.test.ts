import { describe, expect, it } from 'vitest'

import { toRequest } from '../src/api/search'
import { DEFAULTS } from '../src/lib/search-params'

describe('what the gateway is asked', () => {
  it('is only the words where nothing else is said', () => {
    expect(toRequest({ ...DEFAULTS, query: 'mug' })).toEqual({
      query: 'mug',
      terms: [],
      k: 20,
      threshold: null,
      cutoff: 'auto',
      rewrite: true,
      interpret: true,
      keep_category: true,
      weights: null,
      group_variants: true,
      sort: 'relevance',
      filters: { category: null, brand: null, color: null, in_stock: null, price: null, attributes: {} },
      facets: ['*'],
      facet_values: 100,
    })
  })

  it('weighs a picture against the words as its balance says, and products to be unlike below zero', () => {
    const { query, terms } = toRequest({
      ...DEFAULTS,
      query: 'blue',
      picture: 'pic',
      like: ['p/1'],
      unlike: ['p9'],
      lean: 0.8,
    })
    expect(query).toBe('blue')
    expect(terms).toEqual([
      { picture_id: 'pic', weight: 4 },
      { product_id: 'p/1', weight: 4 },
      { product_id: 'p9', weight: -0.5 },
    ])
  })

  it('weighs a picture alone as one, whatever the balance', () => {
    expect(toRequest({ ...DEFAULTS, picture: 'pic', lean: 0.9 }).terms).toEqual([{ picture_id: 'pic', weight: 1 }])
  })

  it('puts what a catalogue adds among the attributes', () => {
    const { filters } = toRequest({
      ...DEFAULTS,
      query: 'mug',
      filters: { category: ['Kitchen > Mugs'], material: ['wood'] },
      inStock: true,
      price: { min: null, max: 20 },
    })
    expect(filters).toEqual({
      category: ['Kitchen > Mugs'],
      brand: null,
      color: null,
      in_stock: true,
      price: { min: null, max: 20 },
      attributes: { material: ['wood'] },
    })
  })
})
