import { useState } from 'react'
import { FiZoomIn } from 'react-icons/fi'

import type { Product } from '../../api/client'
import { Thumbnail } from '../../components/thumbnail'
import { useLanguage } from '../../i18n/language'
import { picturesOf } from './pictures-of'
import { Zoom } from './zoom'

/** The pictures of a product: one large, which opens larger still, and all of them to choose from. */
export function Gallery({ product }: { product: Product }) {
  const { say } = useLanguage()
  const pictures = picturesOf(product)
  const [at, setAt] = useState(0)
  const [zoomed, setZoomed] = useState(false)
  const { title } = product
  const large = <Thumbnail url={pictures[at]} title={name(at)} eager sizes="(min-width: 48rem) 34rem, 90vw" />
  function name(place: number): string {
    return place === 0 ? title : say.pictureOf(place + 1, title)
  }
  if (pictures.length === 0) return large
  return (
    <>
      <button
        type="button"
        className="group relative block w-full cursor-zoom-in rounded-xl"
        aria-haspopup="dialog"
        aria-label={say.zoomOpen(name(at))}
        onClick={() => setZoomed(true)}
      >
        {large}
        <span aria-hidden className="card-button end-3 bottom-3">
          <FiZoomIn />
        </span>
      </button>
      {pictures.length > 1 && (
        <ul aria-label={say.morePictures} className="mt-3 grid grid-cols-5 gap-2">
          {pictures.map((picture, place) => (
            <li key={picture}>
              <button
                type="button"
                aria-pressed={place === at}
                aria-label={say.pictureOf(place + 1, title)}
                onClick={() => setAt(place)}
                className="block w-full cursor-pointer rounded-xl border-2 border-transparent aria-pressed:border-brand-600 dark:aria-pressed:border-brand-400"
              >
                <Thumbnail url={picture} title="" sizes="6rem" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {zoomed && <Zoom pictures={pictures} nameOf={name} at={at} onShow={setAt} onClose={() => setZoomed(false)} />}
    </>
  )
}
