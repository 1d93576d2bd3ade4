import { FiAlertTriangle } from 'react-icons/fi'

import type { Failure } from '../api/client'
import { useLanguage } from '../i18n/language'

/** What happened, a way on, and the id that finds it in the logs. */
export function FailureNotice({ failure, onRetry }: { failure: Failure; onRetry: () => void }) {
  const { say } = useLanguage()
  return (
    <div role="alert" className="panel mx-auto flex max-w-xl flex-col items-center gap-3 p-8 text-center">
      <FiAlertTriangle aria-hidden className="text-4xl text-amber-600 dark:text-amber-400" />
      <p className="text-lg font-semibold">{say.failures[failure.kind]}</p>
      {failure.kind === 'refused' && failure.detail && <p className="muted">{failure.detail}</p>}
      <button type="button" className="primary-button" onClick={onRetry}>
        {say.retry}
      </button>
      {failure.requestId && (
        <p className="muted text-xs break-all">
          {say.requestId} {failure.requestId}
        </p>
      )}
    </div>
  )
}
