import { Link, useLocation } from 'react-router-dom'

import type { ScoredProduct } from '../../api/client'
import { Price } from '../../components/price'
import { Thumbnail } from '../../components/thumbnail'
import { useLanguage } from '../../i18n/language'

export function ProductCard({ product, eager }: { product: ScoredProduct; eager: boolean }) {
  const { say } = useLanguage()
  const location = useLocation()
  const address = `/product/${encodeURIComponent(product.product_id)}`
  return (
    <article className="panel flex h-full flex-col p-3 transition-shadow hover:shadow-lg">
      <Thumbnail url={product.image_url} title={product.title} eager={eager} />
      <div className="flex flex-1 flex-col px-1 pt-3">
        {product.brand && <p className="muted text-xs font-medium tracking-wide uppercase">{product.brand}</p>}
        <h2 dir="auto" className="mt-0.5 line-clamp-2 leading-snug font-semibold" title={product.title}>
          {product.title}
        </h2>
        <p className="mt-1 font-medium">
          <Price price={product.price} currency={product.currency} />
        </p>
        <Similarity score={product.score} />
        <Link
          to={address}
          state={{ from: location.search }}
          aria-label={say.moreInfoOn(product.title)}
          className="quiet-button mt-3 w-full"
        >
          {say.moreInfo}
        </Link>
      </div>
    </article>
  )
}

/** The cosine similarity as a figure and as a bar. */
function Similarity({ score }: { score: number }) {
  const { say } = useLanguage()
  const part = Math.round(Math.min(1, Math.max(0, score)) * 100)
  return (
    <div className="mt-auto pt-3">
      <div className="muted flex justify-between text-xs">
        <span>{say.similarity}</span>
        <span className="font-medium tabular-nums">{score.toFixed(3)}</span>
      </div>
      <div aria-hidden className="mt-1 h-1.5 overflow-hidden rounded-full bg-slate-200 dark:bg-slate-700">
        <div className="h-full rounded-full bg-brand-500" style={{ width: `${part}%` }} />
      </div>
    </div>
  )
}
