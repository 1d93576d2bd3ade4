import { useRef } from 'react'
import { FiCrop, FiImage, FiLoader, FiX } from 'react-icons/fi'

import { useLanguage } from '../../i18n/language'
import { useFocusKept } from '../../lib/use-focus-kept'
import type { ChosenPicture } from './chosen-picture'
import { PictureImage } from './picture-image'

interface Props {
  /** Null when the picture of an address was chosen elsewhere. */
  picture: ChosenPicture | null
  /** What the address shows of it. */
  look: string | null
  sending: boolean
  cropping: boolean
  onCrop: () => void
  onRemove: () => void
}

/** The picture that is searched with, a way to search for a part of it, and a way to be rid of it. */
export function PictureChip({ picture, look, sending, cropping, onCrop, onRemove }: Props) {
  const { say } = useLanguage()
  const opener = useRef<HTMLButtonElement>(null)
  useFocusKept(opener, cropping)
  const name = !picture ? say.sharedPicture : picture.crop ? say.partOfPicture : say.yourPicture
  return (
    <span className="inline-flex max-w-full items-center gap-2 rounded-full border border-stone-300 bg-white ps-1 text-sm dark:border-stone-700 dark:bg-stone-900">
      <span className="relative flex size-9 shrink-0 items-center justify-center overflow-hidden rounded-full bg-stone-100 dark:bg-stone-800">
        {picture ? (
          <PictureImage picture={picture} alt="" />
        ) : look ? (
          <img src={lookAddress(look)} alt="" className="h-full w-full object-cover" />
        ) : (
          <FiImage aria-hidden className="text-lg" />
        )}
        {sending && (
          <span className="absolute inset-0 flex items-center justify-center bg-stone-950/50 text-white">
            <FiLoader aria-hidden className="animate-spin text-lg" />
          </span>
        )}
      </span>
      <span className="truncate font-medium max-[26rem]:sr-only">{sending ? say.pictureSending : name}</span>
      {picture && (
        <button
          ref={opener}
          type="button"
          className="text-button shrink-0 px-2 whitespace-nowrap text-brand-700! sm:px-3 dark:text-brand-300!"
          aria-expanded={cropping}
          onClick={onCrop}
        >
          <FiCrop aria-hidden /> {say.cropOpen}
        </button>
      )}
      <button
        type="button"
        className="icon-button text-base!"
        aria-label={say.removePicture}
        title={say.removePicture}
        onClick={onRemove}
      >
        <FiX aria-hidden />
      </button>
    </span>
  )
}

/** Always a JPEG, whatever an address says. */
const lookAddress = (look: string): string =>
  `data:image/jpeg;base64,${look.replaceAll('-', '+').replaceAll('_', '/')}`
