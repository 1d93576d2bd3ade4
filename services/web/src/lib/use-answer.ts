import { useEffect, useState } from 'react'

import type { Failure } from '../api/client'
import { toFailure } from '../api/client'

export type Answer<T> =
  | { state: 'idle' }
  | { state: 'loading'; before: T | null }
  | { state: 'done'; value: T }
  | { state: 'failed'; failure: Failure }

/**
 * Ask whenever `key` changes; null asks nothing. The question before is aborted, and an answer that
 * comes late is thrown away, so what is shown always belongs to `key`.
 */
export function useAnswer<T>(
  key: string | null,
  ask: (signal: AbortSignal) => Promise<T>,
): [Answer<T>, () => void] {
  const [attempt, setAttempt] = useState(0)
  const [told, setTold] = useState<{ to: string; answer: Answer<T> } | null>(null)
  const asked = key === null ? null : `${attempt} ${key}`

  useEffect(() => {
    if (asked === null) return
    const control = new AbortController()
    ask(control.signal).then(
      (value) => {
        if (!control.signal.aborted) setTold({ to: asked, answer: { state: 'done', value } })
      },
      (error: unknown) => {
        if (control.signal.aborted) return
        setTold({ to: asked, answer: { state: 'failed', failure: toFailure(error) } })
      },
    )
    return () => control.abort()
    // `key` stands for everything that `ask` closes over.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [asked])

  const again = () => setAttempt((number) => number + 1)
  if (asked === null) return [{ state: 'idle' }, again]
  if (told?.to === asked) return [told.answer, again]
  const before = told?.answer.state === 'done' ? told.answer.value : null
  return [{ state: 'loading', before }, again]
}
