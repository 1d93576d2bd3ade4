import type { Product } from '../../api/client'

/** Attribute with the pictures after the first, separated by blanks: paths on the gateway, and links. */
export const MORE_IMAGES = 'more_images'

const MOST = 9

const SHOWN = /^(https?:\/\/|\/images\/)/i

/** All pictures of a product, its main one first. */
export function picturesOf({ image_url: first, attributes }: Product): string[] {
  const others = (attributes?.[MORE_IMAGES] ?? '').split(/\s+/).filter((link) => SHOWN.test(link))
  return [...new Set([...(first ? [first] : []), ...others])].slice(0, MOST)
}
