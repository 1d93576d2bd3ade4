/** Places of the price slider. Prices spread widely: where the highest is many times the lowest, the scale is logarithmic. */

interface Span {
  min: number
  max: number
}

const STEPS = 100
const WIDE = 20

export const stepsOf = ({ min, max }: Span): number => (max - min < 1 ? 1 : STEPS)

const isWide = ({ min, max }: Span): boolean => max / Math.max(min, 1) > WIDE
/** From 1, so that a price of 0 has a place. */
const log = (value: number, { min }: Span): number => Math.log(1 + Math.max(0, value - min))

/** The place of a price, 0 to `stepsOf`. */
export function toPlace(price: number, span: Span): number {
  const share = isWide(span) ? log(price, span) / log(span.max, span) : (price - span.min) / (span.max - span.min)
  return Math.round(stepsOf(span) * Math.min(1, Math.max(0, share)))
}

/** The price of a place, with as many figures as a shopper would say. */
export function fromPlace(place: number, span: Span): number {
  const share = place / stepsOf(span)
  const price = isWide(span)
    ? span.min + Math.expm1(share * log(span.max, span))
    : span.min + share * (span.max - span.min)
  return round(price)
}

/** 3.47 is 3.5, 34.7 is 35, 347 is 350. */
function round(price: number): number {
  if (price <= 0) return 0
  const unit = 10 ** (Math.floor(Math.log10(price)) - 1)
  return Number((Math.round(price / unit) * unit).toFixed(2))
}
