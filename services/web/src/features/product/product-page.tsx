import { useEffect, useLayoutEffect, useRef } from 'react'
import { useNavigationType, useParams } from 'react-router-dom'

import type { Product } from '../../api/client'
import { getProduct } from '../../api/get-product'
import { FailureNotice } from '../../components/failure-notice'
import { useLanguage } from '../../i18n/language'
import { useAnswer } from '../../lib/use-answer'
import { useFocusKept } from '../../lib/use-focus-kept'
import { BackLink } from './back-link'
import { ProductMissing } from './product-missing'
import { ProductSkeleton } from './product-skeleton'
import { ProductView } from './product-view'
import { RecentlyViewed } from './recently-viewed'
import { SimilarProducts } from './similar-products'

/** The faces of a product: waiting, found, not there, failed. */
export function ProductPage() {
  const { say } = useLanguage()
  const { id = '' } = useParams()
  const [answer, again] = useAnswer<Product>(`product ${id}`, (signal) => getProduct(id, signal))
  const missing = answer.state === 'failed' && answer.failure.kind === 'missing'
  const title = answer.state === 'done' ? answer.value.title : missing ? say.failures.missing : null
  useEffect(() => {
    document.title = title === null ? say.name : `${title} · ${say.name}`
  }, [title, say])
  useTopOfPage(id)
  const whole = useRef<HTMLDivElement>(null)
  useFocusKept(whole, answer.state)
  return (
    <div ref={whole} tabIndex={-1} className="mx-auto max-w-6xl outline-none">
      <BackLink />
      {answer.state === 'loading' && <ProductSkeleton />}
      {answer.state === 'failed' &&
        (missing ? <ProductMissing id={id} /> : <FailureNotice failure={answer.failure} retrying={answer.retrying} onRetry={again} />)}
      {answer.state === 'done' && (
        <>
          <ProductView key={id} product={answer.value} />
          {answer.value.image_url && <SimilarProducts key={`look ${id}`} id={id} by="look" />}
          <SimilarProducts key={`words ${id}`} id={id} by="words" />
          <RecentlyViewed key={`seen ${id}`} product={answer.value} />
        </>
      )}
    </div>
  )
}

/** A product that was gone on to begins at its top; Back and Forward find the place where they left it. */
function useTopOfPage(id: string): void {
  const how = useNavigationType()
  useLayoutEffect(() => {
    if (how !== 'POP') window.scrollTo(0, 0)
  }, [how, id])
}
