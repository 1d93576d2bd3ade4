import type { ScoredProduct } from '../../api/client'
import { ProductCard } from '../../components/product-card'

const GRID =
  'grid grid-cols-2 gap-3 sm:grid-cols-[repeat(auto-fill,minmax(13.5rem,1fr))] sm:gap-4'
const EAGER = 8
/** What comes after so many is drawn only near the window: 1,000 scroll as 50 do. */
const DRAWN = 48
const DRAWN_WHEN_NEAR = '[contain-intrinsic-size:auto_27rem] [content-visibility:auto] print:[content-visibility:visible]'

interface Props {
  products: ScoredProduct[]
  matched: boolean
  /** Whether another answer is on its way: these stay, and step back. */
  dimmed: boolean
  onMoreLike: (id: string) => void
}

export function ResultList({ products, matched, dimmed, onMoreLike }: Props) {
  return (
    // Their pictures step back; their words stay as easy to read as ever.
    <ul className={`${GRID} [&_img]:duration-200 ${dimmed ? '[&_img]:opacity-40' : ''}`}>
      {products.map((product, place) => (
        <li key={product.product_id} className={place < DRAWN ? '' : DRAWN_WHEN_NEAR}>
          <ProductCard product={product} eager={place < EAGER} matched={matched} onMoreLike={onMoreLike} />
        </li>
      ))}
    </ul>
  )
}

/** In the shape of what is to come, so that nothing jumps when it does. */
export function ResultSkeletons() {
  return (
    <div aria-hidden className={GRID}>
      {Array.from({ length: EAGER }, (_, place) => (
        <div key={place} className="panel animate-pulse p-2 sm:p-3">
          <div className="aspect-square rounded-xl bg-stone-200 dark:bg-stone-800" />
          <div className="mx-1 mt-4 h-3 w-1/3 rounded bg-stone-200 dark:bg-stone-800" />
          <div className="mx-1 mt-3 h-4 w-5/6 rounded bg-stone-200 dark:bg-stone-800" />
          <div className="mx-1 mt-3 h-4 w-1/4 rounded bg-stone-200 dark:bg-stone-800" />
          <div className="mx-1 mt-16 mb-1 h-11 rounded-full bg-stone-200 dark:bg-stone-800" />
        </div>
      ))}
    </div>
  )
}
