import { describe, expect, it } from 'vitest'

import { wordsInCommon } from '../src/features/results/why'
import { product } from './pages'

const said = (query: string, title: string, attributes = {}) =>
  wordsInCommon(query, product('1', title, { brand: 'Lumo', category: 'Kitchen > Mugs', attributes })).join(' ')

describe('the words that a query and a product have in common', () => {
  it.each([
    ['blue mugs', 'Mug', { color: 'Blue' }, 'blue mugs'],
    ['mug', 'Two mugs', {}, 'mug'],
    ['dresses', 'A dress', {}, 'dresses'],
    ['glass boxes', 'Glass box', {}, 'glass boxes'],
    ['a mug with the handle', 'Mug with a handle', {}, 'mug handle'],
    ['lumo', 'x', {}, 'lumo'],
    ['كوب أحمر', 'كوب أحمر مخطط', {}, 'كوب أحمر'],
    ['armchair', 'Arm', {}, ''],
    ['', 'Mug', {}, ''],
    ['mug mug', 'Mug', {}, 'mug'],
  ])('%j and %j', (query, title, attributes, words) => {
    expect(said(query, title, attributes)).toBe(words)
  })
})
