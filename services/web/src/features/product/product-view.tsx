import { useLayoutEffect, useRef } from 'react'
import { FiExternalLink } from 'react-icons/fi'
import { Link, useNavigationType } from 'react-router-dom'

import type { Product } from '../../api/client'
import { Breadcrumb } from '../../components/breadcrumb'
import { Price } from '../../components/price'
import { LikeIcon } from '../../components/product-card'
import { useLanguage } from '../../i18n/language'
import { DEFAULTS, writeSettings } from '../../lib/search-params'
import { Gallery } from './gallery'
import { ProductDetails } from './product-details'
import { RefineSearch } from './refine-search'

const isWebAddress = (address: string): boolean => /^https?:\/\//i.test(address)

export function ProductView({ product }: { product: Product }) {
  const { say } = useLanguage()
  const title = useRef<HTMLHeadingElement>(null)
  const how = useNavigationType()
  useLayoutEffect(() => {
    // The link that led here is gone, and the focus with it: go on reading from the title.
    if (how !== 'POP') title.current?.focus({ preventScroll: true })
  }, [how])
  const alike = writeSettings({ ...DEFAULTS, like: [product.product_id] })
  const { description, product_url: shop } = product
  return (
    <article aria-labelledby="product-title" className="grid gap-8 md:grid-cols-2 lg:gap-12">
      <div className="panel self-start p-4">
        <Gallery product={product} />
      </div>
      <div className="min-w-0 space-y-5">
        {product.category && <Breadcrumb category={product.category} />}
        <h1
          id="product-title"
          ref={title}
          tabIndex={-1}
          dir="auto"
          className="text-parent text-2xl font-semibold tracking-tight wrap-anywhere outline-none sm:text-3xl"
        >
          {product.title}
        </h1>
        <p className="text-xl font-semibold tabular-nums empty:hidden">
          <Price price={product.price} currency={product.currency} listPrice={product.list_price} />
        </p>
        {description && (
          <p dir="auto" className="text-parent leading-relaxed wrap-anywhere whitespace-pre-line">
            {description}
          </p>
        )}
        <div className="flex flex-wrap gap-3">
          {shop && isWebAddress(shop) && (
            <a href={shop} target="_blank" rel="noopener noreferrer" className="primary-button">
              {say.visitShop} <FiExternalLink aria-hidden />
            </a>
          )}
          <Link to={`/?${alike.toString()}`} className="quiet-button">
            <LikeIcon /> {say.moreLike}
          </Link>
        </div>
        <RefineSearch id={product.product_id} />
        <ProductDetails product={product} />
      </div>
    </article>
  )
}
