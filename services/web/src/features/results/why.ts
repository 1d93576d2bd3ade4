import type { ScoredProduct } from '../../api/client'

const MOST = 4

/** The words of the query that a product contains, as they were typed. */
export function wordsInCommon({ matched = [] }: ScoredProduct): string[] {
  return [...new Set(matched.map(({ word }) => word))].slice(0, MOST)
}

/** Strong matches before the others, each in the order of the answer. */
export function byStrength<One extends Pick<ScoredProduct, 'strength'>>(products: readonly One[]): [One[], One[]] {
  return [products.filter(({ strength }) => strength === 'strong'), products.filter(({ strength }) => strength !== 'strong')]
}
