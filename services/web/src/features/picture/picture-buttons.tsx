import { useRef, type ChangeEvent } from 'react'
import { FiCamera, FiImage } from 'react-icons/fi'

import { useLanguage } from '../../i18n/language'
import { ACCEPTED_TYPES } from './check-picture'

/** Choose a file, or on a phone take a photo: labelled buttons over hidden file inputs. */
export function PictureButtons({ onChoose }: { onChoose: (file: File) => void }) {
  const { say } = useLanguage()
  const file = useRef<HTMLInputElement>(null)
  const camera = useRef<HTMLInputElement>(null)
  const changed = (event: ChangeEvent<HTMLInputElement>) => {
    const chosen = event.target.files?.[0]
    event.target.value = '' // so that the same file can be chosen again
    if (chosen) onChoose(chosen)
  }
  const input = { type: 'file', hidden: true, accept: ACCEPTED_TYPES.join(','), onChange: changed } as const
  return (
    <>
      <input ref={file} data-testid="picture-file" {...input} />
      <input ref={camera} data-testid="picture-camera" capture="environment" {...input} />
      <button
        type="button"
        className="icon-button"
        aria-label={say.choosePicture}
        title={say.choosePicture}
        onClick={() => file.current?.click()}
      >
        <FiImage aria-hidden />
      </button>
      <button
        type="button"
        className="icon-button hidden! pointer-coarse:inline-flex!"
        aria-label={say.takePicture}
        title={say.takePicture}
        onClick={() => camera.current?.click()}
      >
        <FiCamera aria-hidden />
      </button>
    </>
  )
}
