import { useEffect, useRef, type MouseEvent, type ReactNode } from 'react'
import { FiX } from 'react-icons/fi'

import { useLanguage } from '../i18n/language'

interface Props {
  title: string
  open: boolean
  onClose: () => void
  children: ReactNode
  footer: ReactNode
}

/** A native dialog from the window's edge: Escape or a press beside it closes it, and focus goes back to where it was. */
export function Sheet({ title, open, onClose, children, footer }: Props) {
  const { say } = useLanguage()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])
  // The backdrop surrounds the content.
  const pressed = (event: MouseEvent) => {
    if (event.target === dialog.current) onClose()
  }
  return (
    // The keyboard has Escape and the button.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={dialog}
      aria-label={title}
      onClick={pressed}
      onClose={() => open && onClose()}
      className="m-0 ms-auto h-dvh max-h-none w-[min(24rem,100%)] max-w-none bg-stone-50 text-inherit backdrop:bg-stone-950/50 dark:bg-stone-950"
    >
      {/* In a low window, as of a magnified page, only the way out stays in sight. */}
      <div className="flex h-full flex-col bg-inherit low:block low:overflow-y-auto">
        <div className="flex items-center justify-between border-b border-stone-200 py-2 ps-5 pe-2 dark:border-stone-800">
          <h2 className="text-lg font-semibold">{title}</h2>
          <button type="button" className="icon-button" aria-label={say.close} title={say.close} onClick={onClose}>
            <FiX aria-hidden />
          </button>
        </div>
        {/* Positioned, so that hidden words scroll with it, and the sheet itself has nothing to scroll. */}
        <div className="relative min-h-0 flex-1 overflow-y-auto overscroll-contain p-5 low:overflow-visible low:py-2">{open && children}</div>
        <div className="border-t border-stone-200 bg-inherit p-3 low:sticky low:bottom-0 low:z-1 low:py-1 dark:border-stone-800">{footer}</div>
      </div>
    </dialog>
  )
}
