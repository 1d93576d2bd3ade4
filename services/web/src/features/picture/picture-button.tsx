import { useId, useRef, type ChangeEvent } from 'react'
import { FiCamera, FiImage } from 'react-icons/fi'

import { useLanguage } from '../../i18n/language'

/** A browser may not know the type of a HEIC file, and goes by its name. */
const PICTURES = 'image/*,.heic,.heif'

/** One button: it opens the files, or on a phone asks whether to choose a picture or to take a photo. */
export function PictureButton({ onChoose }: { onChoose: (file: File) => void }) {
  const { say } = useLanguage()
  const id = useId()
  const menu = useRef<HTMLDivElement>(null)
  const file = useRef<HTMLInputElement>(null)
  const camera = useRef<HTMLInputElement>(null)
  const changed = (event: ChangeEvent<HTMLInputElement>) => {
    const chosen = event.target.files?.[0]
    event.target.value = '' // so that the same file can be chosen again
    if (chosen) onChoose(chosen)
  }
  const open = (input: HTMLInputElement | null) => {
    menu.current?.hidePopover?.()
    input?.click()
  }
  const input = { type: 'file', hidden: true, accept: PICTURES, onChange: changed } as const
  const button = { type: 'button', 'aria-label': say.choosePicture, title: say.choosePicture } as const
  return (
    <>
      <input ref={file} data-testid="picture-file" {...input} />
      <input ref={camera} data-testid="picture-camera" capture="environment" {...input} />
      <button {...button} className="icon-button pointer-coarse:hidden!" onClick={() => open(file.current)}>
        <FiImage aria-hidden />
      </button>
      <button {...button} className="icon-button hidden! pointer-coarse:inline-flex!" popoverTarget={id}>
        <FiCamera aria-hidden />
      </button>
      <div ref={menu} id={id} popover="auto" role="group" aria-label={say.choosePicture} className="bottom-menu">
        <button type="button" className="menu-button" onClick={() => open(camera.current)}>
          <FiCamera aria-hidden /> {say.takePicture}
        </button>
        <button type="button" className="menu-button" onClick={() => open(file.current)}>
          <FiImage aria-hidden /> {say.fromFiles}
        </button>
      </div>
    </>
  )
}
