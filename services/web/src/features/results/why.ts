import type { ScoredProduct } from '../../api/client'

/** Words that say nothing of a product, in the languages of the page. */
const SMALL = new Set(
  `a an and any for from i in is it me my need of on or some that the to want with without not no
   der die das ein eine einen und oder mit ohne für von im in zu ich nicht kein keine
   من في على مع بدون و أو إلى عن`.split(/\s+/),
)
const MOST = 4

/** The words of a query that a product says itself, as they were typed. */
export function wordsInCommon(query: string, product: ScoredProduct): string[] {
  const { title, brand, category, attributes = {} } = product
  const said = new Set(wordsOf([title, brand, category, ...Object.values(attributes)].join(' ')).map(stem))
  const asked = wordsOf(query).filter((word) => word.length > 1 && !SMALL.has(word))
  return [...new Set(asked)].filter((word) => said.has(stem(word))).slice(0, MOST)
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? []

/** One form for a word and its plural, near enough to compare the two. */
const stem = (word: string): string => (word.length > 3 ? word.replace(/(?<=s|x|ch|sh)es$|(?<!s)s$/u, '') : word)

/** Strong matches before the others, each in the order of the answer. */
export function byStrength<One extends Pick<ScoredProduct, 'strength'>>(products: readonly One[]): [One[], One[]] {
  return [products.filter(({ strength }) => strength === 'strong'), products.filter(({ strength }) => strength !== 'strong')]
}
