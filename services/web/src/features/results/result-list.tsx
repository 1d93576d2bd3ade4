import type { ScoredProduct } from '../../api/client'
import { ProductCard } from '../../components/product-card'

const GRID = 'grid grid-cols-[repeat(auto-fill,minmax(min(100%,13.5rem),1fr))] gap-4'
const EAGER = 8

interface Props {
  products: ScoredProduct[]
  /** Whether another answer is on its way: these stay, and step back. */
  dimmed: boolean
  onMoreLike: (id: string) => void
}

export function ResultList({ products, dimmed, onMoreLike }: Props) {
  return (
    <ul className={`${GRID} transition-opacity duration-200 ${dimmed ? 'opacity-50' : ''}`}>
      {products.map((product, place) => (
        // What is far from the window costs nothing to draw, also where there are 1,000.
        <li key={product.product_id} className="[contain-intrinsic-size:auto_27rem] [content-visibility:auto]">
          <ProductCard product={product} eager={place < EAGER} onMoreLike={onMoreLike} />
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
        <div key={place} className="panel animate-pulse p-3">
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
