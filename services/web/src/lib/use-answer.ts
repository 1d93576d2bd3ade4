import { useEffect, useState } from 'react'

import type { Failure } from '../api/client'
import { toFailure } from '../api/client'
import { persist } from '../api/persist'

export type Answer<T> =
  | { state: 'idle' }
  | { state: 'loading'; before: T | null }
  | { state: 'done'; value: T }
  /** `retrying`: it is asked again without the visitor. */
  | { state: 'failed'; failure: Failure; retrying: boolean }

/**
 * The answer; a way to ask once more; and a way to put a fuller answer in its place, as when a further
 * page has come.
 */
export type Asked<T> = [answer: Answer<T>, again: () => void, extend: (value: T) => void]

const REMEMBERED = 20
const FRESH_MS = 5 * 60_000
const remembered = new Map<string, { value: unknown; at: number }>()

/** Forget what was answered; for tests. */
export const forgetAnswers = (): void => remembered.clear()

/**
 * Ask whenever `key` changes; null asks nothing. The question before is aborted, and an answer that
 * comes late is thrown away, so what is shown always belongs to `key`. A recent answer is shown again
 * at once, if it `lasts`: whoever goes back finds the page as it was, and the place in it. What fails in passing
 * is asked again a few times, until `key` changes or the visitor leaves.
 */
export function useAnswer<T>(
  key: string | null,
  ask: (signal: AbortSignal) => Promise<T>,
  lasts: (value: T) => boolean = () => true,
): Asked<T> {
  const [attempt, setAttempt] = useState(0)
  const asked = key === null ? null : `${attempt} ${key}`
  const [told, setTold] = useState<{ to: string; answer: Answer<T> } | null>(null)
  if (asked !== null && key !== null && told?.to !== asked) {
    const known = recall<T>(key)
    if (known) setTold({ to: asked, answer: { state: 'done', value: known } })
  }
  const known = told?.to === asked

  useEffect(() => {
    if (asked === null || key === null || known) return
    const control = new AbortController()
    const tell = (answer: Answer<T>) => setTold({ to: asked, answer })
    const failed = (failure: Failure, retrying: boolean) => tell({ state: 'failed', failure, retrying })
    persist(ask, control.signal, (failure) => failed(failure, true)).then(
      (value) => {
        if (control.signal.aborted) return
        if (lasts(value)) remember(key, value)
        tell({ state: 'done', value })
      },
      (error: unknown) => {
        if (!control.signal.aborted) failed(toFailure(error), false)
      },
    )
    return () => control.abort()
    // `asked` stands for everything that `ask` closes over, and what is known is known for `asked`.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [asked])

  const again = () => setAttempt((number) => number + 1)
  const extend = (value: T) => {
    if (key === null || asked === null) return
    if (lasts(value)) remember(key, value)
    setTold({ to: asked, answer: { state: 'done', value } })
  }
  return [answerOf(asked, told), again, extend]
}

function answerOf<T>(asked: string | null, told: { to: string; answer: Answer<T> } | null): Answer<T> {
  if (asked === null) return { state: 'idle' }
  if (told?.to === asked) return told.answer
  return { state: 'loading', before: told?.answer.state === 'done' ? told.answer.value : null }
}

function remember(key: string, value: unknown): void {
  remembered.delete(key)
  remembered.set(key, { value, at: Date.now() })
  const [oldest] = remembered.keys()
  if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest)
}

function recall<T>(key: string): T | null {
  const found = remembered.get(key)
  return found && Date.now() - found.at <= FRESH_MS ? (found.value as T) : null
}
