import { useEffect, useRef } from 'react'
import { FiX } from 'react-icons/fi'

import { useLanguage } from '../../i18n/language'

/** What is searched with, and the way to be rid of it. */
export function PicturePreview({ file, onRemove }: { file: File; onRemove: () => void }) {
  const { say } = useLanguage()
  const image = useRef<HTMLImageElement>(null)
  useEffect(() => {
    const address = URL.createObjectURL(file)
    if (image.current) image.current.src = address
    return () => URL.revokeObjectURL(address)
  }, [file])
  return (
    <figure className="panel flex items-center gap-4 p-3">
      <img ref={image} alt={say.yourPicture} className="size-20 rounded-lg bg-white object-contain" />
      <figcaption className="min-w-0 flex-1 truncate text-sm">
        <span className="block font-medium">{say.yourPicture}</span>
        <span className="muted">{file.name}</span>
      </figcaption>
      <button
        type="button"
        className="icon-button"
        aria-label={say.removePicture}
        title={say.removePicture}
        onClick={onRemove}
      >
        <FiX aria-hidden />
      </button>
    </figure>
  )
}
