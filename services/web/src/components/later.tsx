import { useEffect, useState, type ComponentType, type ReactNode } from 'react'

import { toFailure, type Failure } from '../api/client'
import { reloadOnce } from '../lib/reload-once'
import { FailureNotice } from './failure-notice'

export interface LaterPart<Props> {
  Part: ComponentType<Props>
  /** Fetches the part in advance. Never rejects: the later use reports a failure. */
  prefetch: () => Promise<void>
}

/**
 * A part of the page that is fetched when it is wanted. A part that cannot be fetched says so in its
 * place, with a retry. After a deployment the old part is gone for good: then the page reloads, once.
 */
export function later<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  waiting: ReactNode = null,
): LaterPart<Props> {
  let loaded: ComponentType<Props> | null = null
  const fetchPart = async () => {
    loaded ??= await load()
  }

  function Part(props: Props) {
    const [attempt, setAttempt] = useState(0)
    const [failure, setFailure] = useState<Failure | null>(null)
    const [, setFetched] = useState(loaded !== null)
    useEffect(() => {
      let wanted = true
      fetchPart().then(
        () => wanted && setFetched(true),
        (error: unknown) => wanted && !reloadOnce() && setFailure(toFailure(error)),
      )
      return () => {
        wanted = false
      }
    }, [attempt])
    const retry = () => {
      setFailure(null)
      setAttempt(attempt + 1)
    }
    if (failure) return <FailureNotice failure={failure} onRetry={retry} />
    const Loaded = loaded
    return Loaded ? <Loaded {...props} /> : waiting
  }
  return { Part, prefetch: () => fetchPart().catch(() => undefined) }
}
