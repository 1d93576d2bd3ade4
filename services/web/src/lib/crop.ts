/** A part of a picture, in fractions of its width and height as a person sees it. */
export interface Crop {
  x: number
  y: number
  width: number
  height: number
}

export const WHOLE: Crop = { x: 0, y: 0, width: 1, height: 1 }
export const CENTRE: Crop = { x: 0.2, y: 0.2, width: 0.6, height: 0.6 }

/** No part is smaller than this, in either direction. */
export const LEAST = 0.05

export const isWhole = (crop: Crop): boolean => crop.width >= 0.999 && crop.height >= 0.999

export const isSame = (one: Crop, other: Crop): boolean =>
  one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height

/** The nearest part that lies within the picture, to a thousandth. */
export function within(crop: Crop): Crop {
  const width = fraction(between(crop.width, LEAST, 1))
  const height = fraction(between(crop.height, LEAST, 1))
  return { x: start(crop.x, width), y: start(crop.y, height), width, height }
}

/** Rounded down, so that rounding pushes no part over the edge. */
const start = (value: number, size: number): number =>
  Math.min(fraction(between(value, 0, 1)), Math.floor((1 - size) * 1000 + 1e-6) / 1000)

const between = (value: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, Number.isFinite(value) ? value : least))

const fraction = (value: number): number => Math.round(value * 1000) / 1000
