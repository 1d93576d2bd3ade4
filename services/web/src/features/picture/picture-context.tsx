import { createContext, useContext, useState, type ReactNode } from 'react'

/** The picture that is searched with. It lives as long as the page: a product and back keeps it. */
export interface Picture {
  file: File
  /** Tells one choice from the next, also when the same file is chosen twice. */
  number: number
}

interface Chosen {
  picture: Picture | null
  choose: (file: File) => void
  remove: () => void
}

const PictureContext = createContext<Chosen | null>(null)

export function PictureProvider({ children }: { children: ReactNode }) {
  const [picture, setPicture] = useState<Picture | null>(null)
  const choose = (file: File) => setPicture((before) => ({ file, number: (before?.number ?? 0) + 1 }))
  return (
    <PictureContext value={{ picture, choose, remove: () => setPicture(null) }}>
      {children}
    </PictureContext>
  )
}

export function usePicture(): Chosen {
  const chosen = useContext(PictureContext)
  if (!chosen) throw new Error('usePicture needs a PictureProvider above it')
  return chosen
}
