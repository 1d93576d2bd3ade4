import { useEffect, type MouseEvent } from 'react'
import { FiArrowLeft, FiExternalLink, FiSearch } from 'react-icons/fi'
import { Link, useLocation, useNavigate, useParams } from 'react-router-dom'

import { pictureAddress, type Product } from '../../api/client'
import { getProduct } from '../../api/get-product'
import { FailureNotice } from '../../components/failure-notice'
import { Price } from '../../components/price'
import { Thumbnail } from '../../components/thumbnail'
import { useLanguage } from '../../i18n/language'
import { DEFAULTS, writeSettings } from '../../lib/search-params'
import { useAnswer } from '../../lib/use-answer'

export function ProductPage() {
  const { say } = useLanguage()
  const { id = '' } = useParams()
  const location = useLocation()
  const [answer, again] = useAnswer<Product>(`product ${id}`, (signal) => getProduct(id, signal))
  const state: unknown = location.state
  const from =
    typeof state === 'object' && state !== null && 'from' in state && typeof state.from === 'string'
      ? state.from
      : null
  const navigate = useNavigate()
  useEffect(() => {
    window.scrollTo(0, 0)
  }, [id])
  const back = (event: MouseEvent) => {
    // A real step back, so that the browser finds the place in the results again.
    if (from === null || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    void navigate(-1)
  }
  return (
    <div className="mx-auto max-w-5xl">
      <Link to={`/${from ?? ''}`} onClick={back} className="link my-3 inline-flex min-h-11 items-center gap-2">
        <FiArrowLeft aria-hidden className="rtl:rotate-180" /> {from === null ? say.toSearch : say.back}
      </Link>
      {answer.state === 'loading' && (
        <p role="status" className="muted">
          {say.loading}
        </p>
      )}
      {answer.state === 'failed' && <FailureNotice failure={answer.failure} onRetry={again} />}
      {answer.state === 'done' && <ProductView product={answer.value} />}
    </div>
  )
}

function ProductView({ product }: { product: Product }) {
  const { say } = useLanguage()
  useEffect(() => {
    document.title = `${product.title} · ${say.name}`
  }, [product.title, say])
  const facts = [
    [say.brand, product.brand],
    [say.category, product.category],
    ...Object.entries(product.attributes ?? {}),
  ].filter((fact): fact is [string, string] => Boolean(fact[1]))
  const alike = writeSettings({ ...DEFAULTS, like: [product.product_id] })
  return (
    <article className="grid gap-8 md:grid-cols-2">
      <div className="panel self-start p-4">
        <Thumbnail key={pictureAddress(product.image_url)} url={product.image_url} title={product.title} eager />
      </div>
      <div className="min-w-0 space-y-5">
        <h1 dir="auto" className="text-2xl font-bold tracking-tight break-words sm:text-3xl">
          {product.title}
        </h1>
        <p className="text-xl font-semibold">
          <Price price={product.price} currency={product.currency} />
        </p>
        {product.description && (
          <p dir="auto" className="leading-relaxed break-words whitespace-pre-line">
            {product.description}
          </p>
        )}
        <div className="flex flex-wrap gap-3">
          {product.product_url && /^https?:\/\//i.test(product.product_url) && (
            <a href={product.product_url} target="_blank" rel="noopener noreferrer" className="primary-button">
              {say.visitShop} <FiExternalLink aria-hidden />
            </a>
          )}
          <Link to={`/?${alike.toString()}`} className="quiet-button">
            <FiSearch aria-hidden /> {say.searchAlike}
          </Link>
        </div>
        {facts.length > 0 && (
          <section aria-labelledby="details">
            <h2 id="details" className="mb-2 text-lg font-semibold">
              {say.details}
            </h2>
            <dl className="panel divide-y divide-stone-200 dark:divide-stone-800">
              {facts.map(([name, value]) => (
                <div key={name} className="flex gap-4 px-4 py-2.5">
                  <dt className="muted w-28 shrink-0 break-words capitalize">{name.replaceAll('_', ' ')}</dt>
                  <dd dir="auto" className="min-w-0 break-words">
                    {value}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )}
      </div>
    </article>
  )
}
