import { useEffect, useState } from 'react'
import { FiImage } from 'react-icons/fi'

import { useLanguage } from '../../i18n/language'

/** The whole window takes a picture that is dropped on it or pasted, and says so while one hovers above. */
export function DropTarget({ onPicture }: { onPicture: (file: File) => void }) {
  const { say } = useLanguage()
  const hovering = useDroppedPictures(onPicture)
  if (!hovering) return null
  return (
    <div className="pointer-events-none fixed inset-0 z-20 bg-stone-50/90 p-4 dark:bg-stone-950/90">
      <p className="flex h-full flex-col items-center justify-center gap-4 rounded-3xl border-3 border-dashed border-brand-500 text-xl font-semibold">
        <FiImage aria-hidden className="text-5xl text-brand-600 dark:text-brand-400" />
        {say.dropHere}
      </p>
    </div>
  )
}

/** Returns whether a file hovers above the window now. */
function useDroppedPictures(take: (file: File) => void): boolean {
  const [hovering, setHovering] = useState(false)
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      setHovering(true)
    }
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setHovering(false)
    }
    const given = (event: Event, data: DataTransfer | null) => {
      setHovering(false)
      const file = data?.files[0]
      if (!file) return
      event.preventDefault()
      take(file)
    }
    const drop = (event: DragEvent) => given(event, event.dataTransfer)
    const paste = (event: ClipboardEvent) => given(event, event.clipboardData)
    window.addEventListener('dragover', over)
    window.addEventListener('dragleave', leave)
    window.addEventListener('drop', drop)
    window.addEventListener('paste', paste)
    return () => {
      window.removeEventListener('dragover', over)
      window.removeEventListener('dragleave', leave)
      window.removeEventListener('drop', drop)
      window.removeEventListener('paste', paste)
    }
  }, [take])
  return hovering
}
