import { useEffect, useState } from 'react'
import { FiImage } from 'react-icons/fi'

import { useLanguage } from '../../i18n/language'
import type { Refusal } from './check-picture'

interface Props {
  onPicture: (file: File) => void
  onRefuse: (why: Refusal) => void
}

/** The whole window takes a picture that is dropped on it or pasted, and says so while one hovers above. */
export function DropTarget({ onPicture, onRefuse }: Props) {
  const { say } = useLanguage()
  const hovering = useDroppedPictures(onPicture, onRefuse)
  if (!hovering) return null
  return (
    <div className="pointer-events-none fixed inset-0 z-30 bg-stone-50/90 p-4 dark:bg-stone-950/90">
      <p className="flex h-full flex-col items-center justify-center gap-4 rounded-3xl border-3 border-dashed border-brand-500 text-xl font-semibold">
        <FiImage aria-hidden className="text-5xl text-brand-600 dark:text-brand-400" />
        {say.dropHere}
      </p>
    </div>
  )
}

/** Returns whether a picture hovers above the window now. */
function useDroppedPictures(take: (file: File) => void, refuse: (why: Refusal) => void): boolean {
  const [hovering, setHovering] = useState(false)
  useEffect(() => {
    // A drag that began in the page brings no new picture.
    let own = false
    const start = () => (own = true)
    const end = () => (own = false)
    const over = (event: DragEvent) => {
      if (own || !isPicture(event.dataTransfer)) return
      event.preventDefault()
      setHovering(true)
    }
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setHovering(false)
    }
    const given = (event: Event, data: DataTransfer | null) => {
      setHovering(false)
      const file = data?.files[0]
      if (!file) return false
      event.preventDefault()
      take(file)
      return true
    }
    const drop = (event: DragEvent) => {
      if (own || given(event, event.dataTransfer) || !isPicture(event.dataTransfer)) return
      // A page may not read the files of other sites: only its address came.
      event.preventDefault()
      refuse('pictureElsewhere')
    }
    const paste = (event: ClipboardEvent) => {
      // A cell of a spreadsheet comes as words, HTML and a picture of itself: the words are meant.
      const types = event.clipboardData?.types ?? []
      if (!types.includes('text/plain') || !types.includes('text/html')) given(event, event.clipboardData)
    }
    const listeners = { dragstart: start, dragend: end, dragover: over, dragleave: leave, drop, paste } as const
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener as EventListener)
    return () => {
      for (const [name, listener] of Object.entries(listeners))
        window.removeEventListener(name, listener as EventListener)
    }
  }, [refuse, take])
  return hovering
}

/** A file, or the picture of another site, which comes as its address and its HTML. */
const isPicture = (data: DataTransfer | null): boolean =>
  data !== null && (data.types.includes('Files') || (data.types.includes('text/uri-list') && data.types.includes('text/html')))
