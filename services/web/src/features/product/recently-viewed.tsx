import { useEffect, useState } from 'react'
import { Link } from 'react-router-dom'

import type { Product } from '../../api/client'
import { Thumbnail } from '../../components/thumbnail'
import { useLanguage } from '../../i18n/language'
import { useNextStep } from '../../lib/way-back'
import { forgetSeen, readSeen, rememberSeen } from './seen'

/** The other products that were viewed in this browser. Give it the product's id as its key. */
export function RecentlyViewed({ product }: { product: Product }) {
  const { say } = useLanguage()
  const step = useNextStep()
  const [seen, setSeen] = useState(() => readSeen().filter(({ product_id }) => product_id !== product.product_id))
  useEffect(() => rememberSeen(product), [product])
  if (seen.length === 0) return null
  return (
    <section aria-labelledby="seen" className="mt-12 print:hidden">
      <div className="mb-3 flex items-center gap-3">
        <h2 id="seen" className="text-lg font-semibold">
          {say.seen}
        </h2>
        <button
          type="button"
          className="link min-h-9 text-sm"
          onClick={() => {
            forgetSeen()
            setSeen([])
          }}
        >
          {say.forget}
        </button>
      </div>
      <ul className="flex gap-3 overflow-x-auto p-1 pb-3">
        {seen.map(({ product_id, title, image_url }) => (
          <li key={product_id} className="w-32 shrink-0">
            <Link to={`/product/${encodeURIComponent(product_id)}`} state={step} className="card group flex h-full flex-col p-2 text-sm">
              <Thumbnail url={image_url} title="" sizes="8rem" />
              <span dir="auto" className="text-parent line-clamp-2 px-1 pt-2 leading-snug wrap-anywhere">
                {title}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
