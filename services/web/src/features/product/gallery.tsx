import { useState } from 'react'
import { FiZoomIn } from 'react-icons/fi'

import { pictureAddress, type Product } from '../../api/client'
import { Thumbnail } from '../../components/thumbnail'
import { useLanguage } from '../../i18n/language'
import { useMatchedPicture } from '../../lib/way-back'
import { picturesOf } from './pictures-of'
import { Zoom } from './zoom'

/** The pictures of a product: one large, which opens larger still, and all of them to choose from. */
export function Gallery({ product }: { product: Product }) {
  const { say } = useLanguage()
  // One that cannot be loaded is left out.
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set())
  const matched = useMatchedPicture()
  const [chosen, setChosen] = useState<string | null>(matched)
  const [zoomed, setZoomed] = useState(false)
  const { title } = product
  const all = picturesOf(product)
  const pictures = all.filter((one) => !gone.has(one) && pictureAddress(one))
  const at = Math.max(0, pictures.indexOf(chosen ?? ''))
  const shown = pictures[at]
  const name = (place: number): string => {
    const number = all.indexOf(pictures[place] ?? '')
    return number <= 0 ? title : say.pictureOf(number + 1, title)
  }
  const leaveOut = (picture: string) => setGone((before) => new Set(before).add(picture))
  if (shown === undefined) return <Thumbnail url={null} title={title} />
  return (
    <>
      <button
        type="button"
        className="group relative block w-full cursor-zoom-in rounded-xl"
        aria-haspopup="dialog"
        aria-label={say.zoomOpen(name(at))}
        onClick={() => setZoomed(true)}
      >
        <Thumbnail
          url={shown}
          title={name(at)}
          eager
          sizes="(min-width: 48rem) 34rem, 90vw"
          onFail={() => leaveOut(shown)}
        />
        <span aria-hidden className="card-button end-3 bottom-3 print:hidden">
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
                aria-label={say.pictureOf(all.indexOf(picture) + 1, title)}
                onClick={() => setChosen(picture)}
                className="block w-full cursor-pointer rounded-xl border-2 border-transparent aria-pressed:border-brand-600 dark:aria-pressed:border-brand-400 forced-colors:not-aria-pressed:border-[Canvas]"
              >
                <Thumbnail url={picture} title="" sizes="6rem" onFail={() => leaveOut(picture)} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {zoomed && <Zoom pictures={pictures} nameOf={name} at={at} onShow={(place) => setChosen(pictures[place] ?? null)} onClose={() => setZoomed(false)} />}
    </>
  )
}
