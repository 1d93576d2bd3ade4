import { useLayoutEffect } from 'react'
import { FiAlertTriangle } from 'react-icons/fi'

import type { Failure } from '../api/client'
import { useLanguage } from '../i18n/language'

/** Asking again would change nothing. */
const FINAL: Failure['kind'][] = ['expired', 'missing']

interface Props {
  failure: Failure
  /** True if it is asked again without the visitor. */
  retrying?: boolean
  onRetry: () => void
  /** Leaves out the product that the catalogue does not have. */
  onWithout?: () => void
}

/** The failure, a way on, and its id in the logs. Retries by itself when the network is back. */
export function FailureNotice({ failure, retrying = false, onRetry, onWithout }: Props) {
  const { say } = useLanguage()
  const offline = failure.kind === 'offline'
  // At once: in an effect after painting, an event that comes meanwhile would be missed.
  useLayoutEffect(() => {
    if (!offline) return
    window.addEventListener('online', onRetry)
    return () => window.removeEventListener('online', onRetry)
  }, [offline, onRetry])
  return (
    <div role="alert" className="empty-state">
      <FiAlertTriangle aria-hidden className="text-3xl text-amber-600 dark:text-amber-400" />
      <p className="text-lg font-semibold text-balance">{say.failures[failure.kind]}</p>
      {failure.kind === 'refused' && failure.detail && <p className="muted">{failure.detail}</p>}
      {retrying && <p className="muted">{say.retrying}</p>}
      {!FINAL.includes(failure.kind) && (
        <button type="button" className="primary-button mt-1" onClick={onRetry}>
          {say.retry}
        </button>
      )}
      {failure.kind === 'missing' && onWithout && (
        <button type="button" className="primary-button mt-1" onClick={onWithout}>
          {say.withoutMissing}
        </button>
      )}
      {failure.requestId && (
        <p className="muted text-xs break-all">
          {say.requestId} <code>{failure.requestId}</code>
        </p>
      )}
    </div>
  )
}
