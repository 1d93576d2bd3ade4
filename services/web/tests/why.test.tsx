import { expect, it } from 'vitest'

import { wordsInCommon } from '../src/features/results/why'
import { product } from './pages'

const match = (word: string) => ({ word, found: [word], fields: ['title' as const] })

it('shows the words that a product contains, each once, and the first four', () => {
  const words = ['blue', 'mug', 'blue', 'striped', 'large', 'cheap']
  expect(wordsInCommon(product('1', 'Mug', { matched: words.map(match) }))).toEqual(['blue', 'mug', 'striped', 'large'])
  expect(wordsInCommon(product('1', 'Mug'))).toEqual([])
})
