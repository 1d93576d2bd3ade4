import type { Product } from '../../api/client'

/** Attribute that feeds keep further pictures in: links, separated by blanks. */
export const MORE_IMAGES = 'more_images'

const MOST = 9

/** All pictures of a product. The first one is the one that is searched by, so it is the one that matched. */
export function picturesOf({ image_url: first, attributes }: Product): string[] {
  const others = (attributes?.[MORE_IMAGES] ?? '').split(/\s+/).filter((link) => /^https?:\/\//i.test(link))
  return [...new Set([...(first ? [first] : []), ...others])].slice(0, MOST)
}
