import { createContext, useCallback, useContext, useRef, useState, type ReactNode } from 'react'

import { addPicture } from '../../api/add-picture'
import { toFailure, type Failure } from '../../api/client'
import type { Crop } from '../../lib/crop'

/** A picture that was chosen here, and the part of it that counts; null for all of it. */
export interface ChosenPicture {
  file: File
  crop: Crop | null
}

export type Sending =
  | { state: 'idle' }
  | { state: 'sending'; picture: ChosenPicture }
  | { state: 'failed'; picture: ChosenPicture; failure: Failure }

interface Pictures {
  sending: Sending
  /** The picture that an id stands for; null when it was chosen elsewhere, or before the page was loaded. */
  chosen: (id: string | null) => ChosenPicture | null
  /** Its id, or null when it failed or another came after it. */
  send: (picture: ChosenPicture) => Promise<string | null>
  cancel: () => void
}

const PictureContext = createContext<Pictures | null>(null)

/** Pictures live as long as the page: a product and back keeps them, and so do Back and Forward. */
export function PictureProvider({ children }: { children: ReactNode }) {
  const [sending, setSending] = useState<Sending>({ state: 'idle' })
  const [known, setKnown] = useState<ReadonlyMap<string, ChosenPicture>>(new Map())
  const current = useRef<AbortController | null>(null)

  const cancel = useCallback(() => {
    current.current?.abort()
    setSending({ state: 'idle' })
  }, [])

  const send = useCallback(async (picture: ChosenPicture) => {
    current.current?.abort()
    const control = new AbortController()
    current.current = control
    setSending({ state: 'sending', picture })
    try {
      const { shrinkPicture } = await import('./shrink-picture')
      const id = await addPicture(await shrinkPicture(picture.file), picture.crop, control.signal)
      if (control.signal.aborted) return null
      setKnown((before) => new Map(before).set(id, picture))
      setSending({ state: 'idle' })
      return id
    } catch (error) {
      if (!control.signal.aborted) setSending({ state: 'failed', picture, failure: toFailure(error) })
      return null
    }
  }, [])

  const chosen = useCallback((id: string | null) => (id && known.get(id)) || null, [known])
  return <PictureContext value={{ sending, chosen, send, cancel }}>{children}</PictureContext>
}

export function usePictures(): Pictures {
  const pictures = useContext(PictureContext)
  if (!pictures) throw new Error('usePictures needs a PictureProvider above it')
  return pictures
}
