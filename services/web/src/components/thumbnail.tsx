import { useState } from 'react'
import { FiImage } from 'react-icons/fi'

import { pictureAddress, pictureWidths } from '../api/client'
import { useLanguage } from '../i18n/language'

interface Props {
  url: string | null | undefined
  title: string
  eager?: boolean
  /** Wider than high on a phone, so that two rows of cards fit on its screen. */
  low?: boolean
  /** Its width on the page, for the browser to choose by. */
  sizes?: string
  /** The picture cannot be shown. */
  onFail?: () => void
}

/** On a card of the results. */
const ON_A_CARD = '(min-width: 64rem) 15rem, (min-width: 40rem) 30vw, 45vw'

/** A product's picture in a square that never changes size; a placeholder when there is none. */
export function Thumbnail({ url, title, eager = false, low = false, sizes = ON_A_CARD, onFail }: Props) {
  const { say } = useLanguage()
  const [failed, setFailed] = useState<string | null>(null)
  const address = pictureAddress(url)
  return (
    <div className={`${low ? 'aspect-[5/4] sm:aspect-square' : 'aspect-square'} overflow-hidden rounded-xl bg-stone-100 forced-color-adjust-none dark:bg-stone-200`}>
      {address && failed !== address ? (
        <img
          srcSet={pictureWidths(url)}
          sizes={sizes}
          src={address}
          alt={title}
          width={480}
          height={480}
          loading={eager ? 'eager' : 'lazy'}
          decoding="async"
          className="h-full w-full object-contain mix-blend-multiply transition-transform duration-300 group-hover:scale-[1.03]"
          onError={() => {
            setFailed(address)
            onFail?.()
          }}
        />
      ) : (
        <div className="flex h-full flex-col items-center justify-center gap-2 text-stone-600">
          <FiImage aria-hidden className="text-4xl" />
          <span className="text-sm">{say.noPicture}</span>
        </div>
      )}
    </div>
  )
}
