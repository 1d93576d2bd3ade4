import { FiCopy } from 'react-icons/fi'
import { Link } from 'react-router-dom'

import type { ScoredProduct } from '../api/client'
import { useLanguage } from '../i18n/language'
import { useNextStep } from '../lib/way-back'
import { Match } from './match'
import { Price } from './price'
import { Thumbnail } from './thumbnail'

interface Props {
  product: ScoredProduct
  /** Whether its picture is wanted at once, not when it comes near the window. */
  eager?: boolean
  /** Whether it answers a question, so that there is a match to tell of. */
  matched?: boolean
  onMoreLike?: (id: string) => void
}

/** One product of an answer. All of the card leads to the product; there is one link, to tab to once. */
export function ProductCard({ product, eager = false, matched = true, onMoreLike }: Props) {
  const { say } = useLanguage()
  const step = useNextStep()
  return (
    <article className="card group relative flex h-full flex-col p-2 sm:p-3">
      <Thumbnail url={product.image_url} title={product.title} eager={eager} />
      <div className="flex flex-1 flex-col px-1 pt-3 pb-1">
        <p className="eyebrow truncate">
          <bdi>{product.brand}</bdi>
        </p>
        <h3
          dir="auto"
          className="text-parent mt-1 line-clamp-2 min-h-[2.75em] text-sm leading-snug font-medium wrap-anywhere sm:text-base"
          title={product.title}
        >
          {product.title}
        </h3>
        <p className="mt-1.5 font-semibold tabular-nums">
          <Price price={product.price} currency={product.currency} />
        </p>
        {matched && <Match score={product.score} strength={product.strength} />}
        <Link
          to={`/product/${encodeURIComponent(product.product_id)}`}
          state={step}
          aria-label={say.moreInfoOn(product.title)}
          className="quiet-button mt-auto w-full px-2! text-sm whitespace-nowrap after:absolute after:inset-0 after:rounded-2xl"
        >
          {say.moreInfo}
        </Link>
      </div>
      {onMoreLike && (
        <button
          type="button"
          className="absolute end-3 top-3 z-1 flex size-9 cursor-pointer items-center justify-center rounded-full border border-stone-300 bg-white/90 text-lg text-stone-800 shadow-sm transition-colors hover:border-brand-500 hover:text-brand-700 sm:end-5 sm:top-5 sm:size-10"
          aria-label={say.moreLikeOf(product.title)}
          title={say.moreLike}
          onClick={() => onMoreLike(product.product_id)}
        >
          <FiCopy aria-hidden />
        </button>
      )}
    </article>
  )
}
