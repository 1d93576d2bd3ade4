import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react'
import { FiChevronLeft, FiChevronRight, FiX, FiZoomIn, FiZoomOut } from 'react-icons/fi'

import { pictureAddress } from '../../api/client'
import { useLanguage } from '../../i18n/language'

const LEVELS = [1, 1.5, 2, 3]
const LAST = LEVELS.length - 1

interface Props {
  pictures: readonly string[]
  nameOf: (place: number) => string
  at: number
  onShow: (place: number) => void
  onClose: () => void
}

/** A picture as large as the window, and larger: by buttons, keys, or a press on the place to look at. */
export function Zoom({ pictures, nameOf, at, onShow, onClose }: Props) {
  const { say } = useLanguage()
  const dialog = useRef<HTMLDialogElement>(null)
  const stage = useRef<HTMLDivElement>(null)
  const [level, setLevel] = useState(0)
  // The point of the picture that stays in the middle, in fractions of it.
  const middle = useRef({ x: 0.5, y: 0.5 })
  useEffect(() => dialog.current?.showModal(), [])
  useLayoutEffect(() => {
    const box = stage.current
    if (!box) return
    box.scrollLeft = middle.current.x * box.scrollWidth - box.clientWidth / 2
    box.scrollTop = middle.current.y * box.scrollHeight - box.clientHeight / 2
  }, [level])
  const zoom = (to: number, point = { x: 0.5, y: 0.5 }) => {
    middle.current = point
    setLevel(Math.min(LAST, Math.max(0, to)))
  }
  const show = (to: number) => {
    zoom(0)
    onShow((to + pictures.length) % pictures.length)
  }
  const pressed = ({ clientX, clientY, currentTarget }: MouseEvent) => {
    const { left, top, width, height } = currentTarget.getBoundingClientRect()
    zoom(level === 0 ? 2 : 0, { x: (clientX - left) / width, y: (clientY - top) / height })
  }
  const onKey = ({ key }: KeyboardEvent) => {
    if (key === '+' || key === '=') zoom(level + 1)
    if (key === '-') zoom(level - 1)
    // Of a picture that is larger than the window, the arrow keys show another part.
    if (level === 0 && pictures.length > 1 && key === 'ArrowLeft') show(at - 1)
    if (level === 0 && pictures.length > 1 && key === 'ArrowRight') show(at + 1)
  }
  const address = pictureAddress(pictures[at])
  const size = `${(LEVELS[level] ?? 1) * 100}%`
  return (
    <dialog
      ref={dialog}
      aria-label={nameOf(at)}
      onClose={onClose}
      onKeyDown={onKey}
      className="m-0 h-dvh max-h-none w-screen max-w-none bg-white text-stone-900 backdrop:bg-stone-950/80"
    >
      <div className="flex h-full flex-col">
        <div dir="ltr" className="flex items-center justify-end gap-1 border-b border-stone-200 p-1.5">
          {pictures.length > 1 && (
            <>
              <ZoomButton label={say.pictureBefore} onClick={() => show(at - 1)} icon={<FiChevronLeft aria-hidden />} />
              <span className="text-sm tabular-nums">
                {at + 1} / {pictures.length}
              </span>
              <ZoomButton label={say.pictureAfter} onClick={() => show(at + 1)} icon={<FiChevronRight aria-hidden />} />
            </>
          )}
          <span className="flex-1" />
          <ZoomButton label={say.zoomOut} disabled={level === 0} onClick={() => zoom(level - 1)} icon={<FiZoomOut aria-hidden />} />
          <ZoomButton label={say.zoomIn} disabled={level === LAST} onClick={() => zoom(level + 1)} icon={<FiZoomIn aria-hidden />} />
          <ZoomButton label={say.close} onClick={() => dialog.current?.close()} icon={<FiX aria-hidden />} />
        </div>
        {/* It scrolls, so the keyboard must reach it. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <div ref={stage} tabIndex={0} role="group" aria-label={say.zoomStage} className="min-h-0 flex-1 overflow-auto overscroll-contain">
          <div className="flex items-center justify-center" style={{ width: size, height: size }}>
            {/* The buttons and keys do the same. */}
            {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions */}
            <img
              {...(address && { src: address })}
              alt={nameOf(at)}
              onClick={pressed}
              className={`h-full w-full object-contain ${level === 0 ? 'cursor-zoom-in' : 'cursor-zoom-out'}`}
            />
          </div>
        </div>
      </div>
    </dialog>
  )
}

interface ButtonProps {
  label: string
  icon: React.ReactNode
  disabled?: boolean
  onClick: () => void
}

/** It stays in reach of the keyboard at the last level, where it does nothing. */
function ZoomButton({ label, icon, disabled = false, onClick }: ButtonProps) {
  return (
    <button
      type="button"
      className="icon-button text-stone-700! hover:bg-stone-200/70! aria-disabled:opacity-40"
      aria-label={label}
      title={label}
      aria-disabled={disabled}
      onClick={onClick}
    >
      {icon}
    </button>
  )
}
