import type { Product } from '../../api/client'
import { readStored, writeStored } from '../../lib/stored'

/** The stored fields of a viewed product; its price may change. */
export type Seen = Pick<Product, 'product_id' | 'title' | 'image_url'>

const MOST = 12
const NAME = 'seen'

const isSeen = (value: unknown): value is Seen =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Seen).product_id === 'string' &&
  typeof (value as Seen).title === 'string' &&
  ['string', 'undefined', 'object'].includes(typeof (value as Seen).image_url)

const isList = (value: unknown): value is Seen[] => Array.isArray(value) && value.every(isSeen)

/** Products that were viewed in this browser, the last first. */
export const readSeen = (): Seen[] => readStored(NAME, [], isList)

export function rememberSeen({ product_id, title, image_url = null }: Product): void {
  const others = readSeen().filter((one) => one.product_id !== product_id)
  writeStored(NAME, [{ product_id, title, image_url }, ...others].slice(0, MOST))
}

export const forgetSeen = (): void => writeStored(NAME, [])
