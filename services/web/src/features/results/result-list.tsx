import { memo } from 'react'

import type { ScoredProduct } from '../../api/client'
import { ProductCard } from '../../components/product-card'
import { useLanguage } from '../../i18n/language'
import type { WayBack } from '../../lib/way-back'
import { byStrength, wordsInCommon } from './why'

const GRID =
  'grid grid-cols-2 gap-2 max-[16rem]:grid-cols-1 sm:grid-cols-[repeat(auto-fill,minmax(13.5rem,1fr))] sm:gap-4'
const EAGER = 8
/** Products after this number are rendered only near the window: 1,000 scroll as smoothly as 50. */
const DRAWN = 48
const DRAWN_WHEN_NEAR =
  '[contain-intrinsic-size:auto_23rem] [content-visibility:auto] print:[content-visibility:visible]'

interface Props {
  products: ScoredProduct[]
  /** Of the history, for links to products. */
  step: WayBack | null
  /** True if they answer a query, so that there is a match to show. */
  matched: boolean
  /** True for a search by a picture or a product. */
  looks: boolean
  /** True while another answer is awaited: these results stay, dimmed. */
  dimmed: boolean
  /** The product from which the keyboard goes on. */
  focus: string | null
  onMoreLike: (id: string) => void
  /** Null if there is no question that a product could be taken from. */
  onLessLike: ((id: string) => void) | null
}

/** The strong matches; below a divider, the weaker ones. */
export const ResultList = memo(function ResultList({ products, ...list }: Props) {
  const { say } = useLanguage()
  const [strong, weak] = byStrength(products)
  // Pictures step back while another answer is on its way; words stay as easy to read as ever.
  const dimming = `[&_img]:duration-200 ${list.dimmed ? '[&_img]:opacity-40' : ''}`
  if (!list.matched) return <Cards {...list} products={products} from={0} className={dimming} />
  return (
    <>
      {strong.length > 0 && <Cards {...list} products={strong} from={0} className={dimming} />}
      {strong.length > 0 && weak.length > 0 && (
        <h3 className="mt-10 mb-4 flex items-center gap-4 font-semibold after:h-px after:flex-1 after:bg-stone-300 dark:after:bg-stone-700">
          {say.lessClose}
        </h3>
      )}
      {weak.length > 0 && <Cards {...list} products={weak} from={strong.length} className={dimming} />}
    </>
  )
})

function Cards({ products, step, matched, looks, from, focus, onMoreLike, onLessLike, className }: Props & { from: number; className: string }) {
  const { say } = useLanguage()
  const why = (product: ScoredProduct): string => {
    const { strength, resembles = [] } = product
    const words = wordsInCommon(product)
    return [
      ...(words.length > 0 ? [say.matches(words.join(', '))] : []),
      ...(looks && strength === 'strong' ? [say.looksAlike] : []),
      ...(resembles.length > 0 ? [say.mayShow(resembles.join(', '))] : []),
    ].join(' · ')
  }
  return (
    <ul className={`${GRID} ${className}`}>
      {products.map((product, at) => {
        const place = from + at
        return (
          <li key={product.product_id} className={place < DRAWN ? '' : DRAWN_WHEN_NEAR}>
            <ProductCard
              product={product}
              step={step}
              eager={place < EAGER}
              matched={matched}
              why={why(product)}
              focused={focus === product.product_id}
              onMoreLike={onMoreLike}
              onLessLike={onLessLike ?? undefined}
            />
          </li>
        )
      })}
    </ul>
  )
}

/** Placeholder in the shape of the results, so that nothing jumps when they arrive. */
export function ResultSkeletons() {
  return (
    <div aria-hidden className={GRID}>
      {Array.from({ length: EAGER }, (_, place) => (
        <div key={place} className="panel animate-pulse p-2 sm:p-3">
          <div className="aspect-[5/4] rounded-xl bg-stone-200 sm:aspect-square dark:bg-stone-800" />
          <div className="mx-1 mt-4 h-3 w-1/3 rounded bg-stone-200 dark:bg-stone-800" />
          <div className="mx-1 mt-3 h-4 w-5/6 rounded bg-stone-200 dark:bg-stone-800" />
          <div className="mx-1 mt-6 h-4 w-1/4 rounded bg-stone-200 dark:bg-stone-800" />
          <div className="mx-1 mt-8 mb-2 h-3 rounded bg-stone-200 dark:bg-stone-800" />
        </div>
      ))}
    </div>
  )
}
