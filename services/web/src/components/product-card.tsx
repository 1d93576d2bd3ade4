import { memo, useLayoutEffect, useRef } from 'react'
import { FiSearch, FiThumbsDown } from 'react-icons/fi'
import { Link } from 'react-router-dom'

import type { ScoredProduct } from '../api/client'
import { useLanguage } from '../i18n/language'
import type { WayBack } from '../lib/way-back'
import { Match } from './match'
import { Price } from './price'
import { Swatch } from './swatch'
import { Thumbnail } from './thumbnail'

interface Props {
  product: ScoredProduct
  /** Of the history, for its links. A card that read it itself would be drawn again with each step. */
  step: WayBack | null
  /** Loads the picture at once, not when it comes near the window. */
  eager?: boolean
  /** True if it answers a query, so that there is a match to show. */
  matched?: boolean
  /** Why it is among the results, in a few words. */
  why?: string
  /** True if the keyboard focus continues from here. */
  focused?: boolean
  onMoreLike?: (id: string) => void
  onLessLike?: ((id: string) => void) | undefined
}

/** One product of an answer. All of the card leads to the product; there is one link, to tab to once. */
export const ProductCard = memo(function ProductCard({ product, step, eager = false, matched = true, why, focused = false, onMoreLike, onLessLike }: Props) {
  const { say } = useLanguage()
  const link = useRef<HTMLAnchorElement>(null)
  useLayoutEffect(() => {
    if (focused) link.current?.focus()
  }, [focused])
  return (
    <article className="card group relative flex h-full flex-col p-2 sm:p-3">
      <Thumbnail url={product.matched_image ?? product.image_url} title={product.title} eager={eager} low />
      <div className="flex flex-1 flex-col px-1 pt-2 sm:pt-3">
        <p className="eyebrow truncate max-sm:hidden">
          <bdi>{product.brand}</bdi>
        </p>
        <h3
          dir="auto"
          className="text-parent line-clamp-3 text-sm leading-snug sm:mt-1 font-medium wrap-anywhere sm:line-clamp-2 sm:min-h-[2.75em] sm:text-base"
          title={product.title}
        >
          {product.title}
        </h3>
        <p className="mt-1 font-semibold tabular-nums empty:hidden">
          <Price price={product.price} currency={product.currency} listPrice={product.list_price} />
        </p>
        {why && (
          <p className="muted mt-1 line-clamp-2 text-xs">
            <bdi>{why}</bdi>
          </p>
        )}
        <OtherColours product={product} step={step} />
        <div className="mt-auto flex flex-wrap items-center justify-between gap-x-1 pt-1 text-[0.6875rem] sm:text-xs">
          {matched && <Match score={product.score} strength={product.strength} />}
          <Link
            ref={link}
            to={`/product/${encodeURIComponent(product.product_id)}`}
            state={product.matched_image ? { ...step, picture: product.matched_image } : step}
            aria-label={say.moreInfoOn(product.title)}
            className="link inline-flex min-h-6 items-center sm:min-h-8 whitespace-nowrap after:absolute after:inset-0 after:rounded-2xl"
          >
            {say.moreInfo}
          </Link>
        </div>
      </div>
      {onMoreLike && (
        <button
          type="button"
          className="card-button end-3 top-3 sm:end-5 sm:top-5"
          aria-label={say.moreLikeOf(product.title)}
          title={say.moreLike}
          onClick={() => onMoreLike(product.product_id)}
        >
          <LikeIcon />
        </button>
      )}
      {onLessLike && (
        <button
          type="button"
          className="card-button start-3 top-3 max-sm:hidden not-pointer-coarse:opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 sm:start-5 sm:top-5"
          aria-label={say.lessLikeOf(product.title)}
          title={say.lessLike}
          onClick={() => onLessLike(product.product_id)}
        >
          <FiThumbsDown aria-hidden />
        </button>
      )}
    </article>
  )
})

const DOTS = 3

/** A dot for each colour that the product also comes in; each leads to that variant. */
function OtherColours({ product: { variants = [] }, step }: Pick<Props, 'product' | 'step'>) {
  const { say } = useLanguage()
  if (variants.length === 0) return null
  return (
    <ul className="relative z-1 -ms-1 mt-1 flex flex-wrap items-center text-xs" aria-label={say.otherColours}>
      {variants.slice(0, DOTS).map(({ product_id, color }) => (
        <li key={product_id}>
          <Link
            to={`/product/${encodeURIComponent(product_id)}`}
            state={step}
            title={color}
            aria-label={color}
            className="flex size-6 items-center justify-center rounded-full pointer-coarse:size-11"
          >
            <Swatch colour={color} />
          </Link>
        </li>
      ))}
      {variants.length > DOTS && <li className="muted ps-1">+{variants.length - DOTS}</li>}
    </ul>
  )
}

/** A picture that is searched with. */
export function LikeIcon() {
  return (
    <span aria-hidden className="relative inline-flex size-5 items-center justify-center rounded border-2 border-dashed border-current">
      <FiSearch className="size-3" strokeWidth={3} />
    </span>
  )
}
