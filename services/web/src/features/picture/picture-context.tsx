import { createContext, useCallback, useContext, useEffect, useRef, useState, type ReactNode } from 'react'

import { addPicture } from '../../api/add-picture'
import { toFailure, type Failure } from '../../api/client'
import { persist } from '../../api/persist'
import { RefusedPicture, type Refusal } from './check-picture'
import type { ChosenPicture } from './chosen-picture'

export type Sending =
  | { state: 'idle' }
  | { state: 'sending'; picture: ChosenPicture }
  | { state: 'failed'; picture: ChosenPicture; failure: Failure; retrying: boolean }

/** What stands for a picture in the address. */
export interface SentPicture {
  id: string
  look: string | null
}

interface Pictures {
  sending: Sending
  /** Why the last file cannot be searched with, whoever found out. */
  refusal: Refusal | null
  /** The pictures of this browser by their ids. */
  known: ReadonlyMap<string, ChosenPicture>
  /** Null when it failed or another came after it. */
  send: (picture: ChosenPicture) => Promise<SentPicture | null>
  /** Looks for a picture that was chosen before the page was loaded. */
  find: (id: string) => void
  refuse: (why: Refusal) => void
  /** Forgets what failed, also if it is sent again, and what was refused; goes on sending. */
  forgive: () => void
  /** Forgets what is being sent, and what was refused. */
  cancel: () => void
}

const PictureContext = createContext<Pictures | null>(null)

/** Pictures live as long as the page: a product and back keeps them, and so do Back and Forward. */
export function PictureProvider({ children }: { children: ReactNode }) {
  const [sending, setSending] = useState<Sending>({ state: 'idle' })
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const [known, setKnown] = useState<ReadonlyMap<string, ChosenPicture>>(new Map())
  const current = useRef<AbortController | null>(null)
  const failing = useRef<AbortController | null>(null)

  const forgive = useCallback(() => {
    failing.current?.abort()
    setSending((now) => (now.state === 'failed' ? { state: 'idle' } : now))
    setRefusal(null)
  }, [])

  const cancel = useCallback(() => {
    current.current?.abort()
    setSending({ state: 'idle' })
    setRefusal(null)
  }, [])

  const send = useCallback(async (picture: ChosenPicture) => {
    current.current?.abort()
    const control = new AbortController()
    current.current = control
    setSending({ state: 'sending', picture })
    setRefusal(null)
    try {
      const { lookOf, preparePicture } = await import('./prepare-picture')
      const ready = await preparePicture(picture.file)
      const [id, look] = await Promise.all([
        persist((signal) => addPicture(ready, picture.crop, signal), control.signal, (failure) => {
          failing.current = control
          setSending({ state: 'failed', picture, failure, retrying: true })
        }),
        lookOf(ready, picture.crop),
      ])
      if (control.signal.aborted) return null
      const own = { ...picture, shown: ready }
      setKnown((before) => new Map(before).set(id, own))
      // Without that part of the page the picture lasts until a reload.
      void import('./picture-store').then(({ keepPicture }) => keepPicture(id, own)).catch(() => undefined)
      setSending({ state: 'idle' })
      return { id, look }
    } catch (error) {
      if (control.signal.aborted) return null
      const failure = toFailure(error)
      const why = refusalOf(error, failure)
      setRefusal(why)
      setSending(why ? { state: 'idle' } : { state: 'failed', picture, failure, retrying: false })
      return null
    }
  }, [])

  const find = useCallback((id: string) => {
    void import('./picture-store')
      .then(({ keptPicture }) => keptPicture(id))
      .then((found) => {
        if (found) setKnown((before) => (before.has(id) ? before : new Map(before).set(id, found)))
      })
      // Without that part of the page the picture is one that was chosen elsewhere.
      .catch(() => undefined)
  }, [])
  return <PictureContext value={{ sending, refusal, known, send, find, refuse: setRefusal, forgive, cancel }}>{children}</PictureContext>
}

/** A file that is no picture is not sent again: another has to be chosen. */
function refusalOf(error: unknown, failure: Failure): Refusal | null {
  if (error instanceof RefusedPicture) return error.refusal
  return failure.kind === 'refused' ? 'pictureDamaged' : null
}

/** The picture that an id stands for; null when it was chosen elsewhere. */
export function useChosenPicture(id: string | null): ChosenPicture | null {
  const { known, find } = usePictures()
  const found = (id && known.get(id)) || null
  useEffect(() => {
    if (id && !found) find(id)
  }, [find, found, id])
  return found
}

export function usePictures(): Pictures {
  const pictures = useContext(PictureContext)
  if (!pictures) throw new Error('usePictures needs a PictureProvider above it')
  return pictures
}
