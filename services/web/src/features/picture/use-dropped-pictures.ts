import { useEffect, useState } from 'react'

const pictureOf = (data: DataTransfer | null): File | null => data?.files[0] ?? null

/** Pictures dropped anywhere on the page, or pasted. Returns whether one hovers above it now. */
export function useDroppedPictures(take: (file: File) => void): boolean {
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
      const file = pictureOf(data)
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
