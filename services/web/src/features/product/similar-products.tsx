import { useId, useRef } from 'react'

import type { ScoredProduct } from '../../api/client'
import { getSimilar, type Likeness } from '../../api/get-similar'
import { ProductCard } from '../../components/product-card'
import { useLanguage } from '../../i18n/language'
import { useAnswer } from '../../lib/use-answer'
import { useFocusKept } from '../../lib/use-focus-kept'
import { useNextStep } from '../../lib/way-back'

const MOST = 6
/** A row to swipe through where the window is narrow; all at once where they fit. */
const SHELF =
  'flex snap-x snap-mandatory gap-4 overflow-x-auto p-1 pb-3 xl:grid xl:grid-cols-6 xl:overflow-visible print:flex-wrap print:overflow-visible'
const PLACE = 'w-52 shrink-0 snap-start xl:w-auto'

interface Props {
  id: string
  by: Likeness
}

/** Products that are like this one. The page is whole without them, so a failure takes little room. */
export function SimilarProducts({ id, by }: Props) {
  const { say } = useLanguage()
  const heading = useId()
  const step = useNextStep()
  const [answer, again] = useAnswer<ScoredProduct[]>(`similar ${by} ${id}`, (signal) =>
    getSimilar(id, by, MOST, signal),
  )
  const title = useRef<HTMLHeadingElement>(null)
  useFocusKept(title, answer.state)
  // A product whose picture is only a link is not known by its look, and some are like no other.
  if (answer.state === 'failed' && answer.failure.kind === 'refused') return null
  if (answer.state === 'done' && answer.value.length === 0) return null
  return (
    <section aria-labelledby={heading} aria-busy={answer.state === 'loading'} className="mt-12">
      <h2 ref={title} id={heading} tabIndex={-1} className="mb-3 text-lg font-semibold outline-none">
        {by === 'look' ? say.similarLook : say.similarWords}
      </h2>
      {answer.state === 'loading' && <ShelfSkeleton />}
      {answer.state === 'failed' && (
        <p role="alert" className="flex flex-wrap items-center gap-3">
          {say.similarFailed}
          <button type="button" className="quiet-button" onClick={again}>
            {say.retry}
          </button>
        </p>
      )}
      {answer.state === 'done' && (
        <ul className={SHELF}>
          {answer.value.map((product) => (
            <li key={product.product_id} className={PLACE}>
              <ProductCard product={product} step={step} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function ShelfSkeleton() {
  return (
    <div aria-hidden className={`${SHELF} animate-pulse overflow-x-hidden`}>
      {Array.from({ length: MOST }, (_, place) => (
        <div key={place} className={`panel h-96 ${PLACE}`} />
      ))}
    </div>
  )
}
