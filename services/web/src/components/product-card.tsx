import { FiCopy } from 'react-icons/fi'
import { Link, useLocation } from 'react-router-dom'

import type { ScoredProduct } from '../api/client'
import { useLanguage } from '../i18n/language'
import { Match } from './match'
import { Price } from './price'
import { Thumbnail } from './thumbnail'

interface Props {
  product: ScoredProduct
  /** Whether its picture is wanted at once, not when it comes near the window. */
  eager?: boolean
  onMoreLike?: (id: string) => void
}

/** One product of an answer. All of the card leads to the product; there is one link, to tab to once. */
export function ProductCard({ product, eager = false, onMoreLike }: Props) {
  const { say } = useLanguage()
  const location = useLocation()
  return (
    <article className="card group relative flex h-full flex-col p-3">
      <Thumbnail url={product.image_url} title={product.title} eager={eager} />
      <div className="flex flex-1 flex-col px-1 pt-3.5 pb-1">
        <p dir="auto" className="eyebrow truncate">
          {product.brand}
        </p>
        <h3 dir="auto" className="mt-1 line-clamp-2 min-h-[2.75em] leading-snug font-medium wrap-anywhere" title={product.title}>
          {product.title}
        </h3>
        <p className="mt-2 font-semibold tabular-nums">
          <Price price={product.price} currency={product.currency} />
        </p>
        <Match score={product.score} strength={product.strength} />
        <div className="mt-4 flex gap-2">
          <Link
            to={`/product/${encodeURIComponent(product.product_id)}`}
            state={{ from: location.search }}
            aria-label={say.moreInfoOn(product.title)}
            className="quiet-button flex-1 after:absolute after:inset-0 after:rounded-2xl"
          >
            {say.moreInfo}
          </Link>
          {onMoreLike && (
            <button
              type="button"
              className="quiet-button relative z-1 px-3!"
              aria-label={say.moreLikeOf(product.title)}
              title={say.moreLike}
              onClick={() => onMoreLike(product.product_id)}
            >
              <FiCopy aria-hidden className="text-lg" />
            </button>
          )}
        </div>
      </div>
    </article>
  )
}
