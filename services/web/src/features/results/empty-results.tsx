import { useLanguage } from '../../i18n/language'
import type { SearchSettings } from '../../lib/search-params'

interface Props {
  settings: SearchSettings
  onChange: (part: Partial<SearchSettings>) => void
}

/** Names the cause, and offers the one thing that mends it. */
export function EmptyResults({ settings, onChange }: Props) {
  const { say } = useLanguage()
  return (
    <div className="panel mx-auto flex max-w-xl flex-col items-center gap-3 p-8 text-center">
      <h2 className="text-lg font-semibold">{say.emptyTitle}</h2>
      {settings.threshold === null ? (
        <p className="muted">{say.emptyAdvice}</p>
      ) : (
        <>
          <p className="muted">{say.emptyThreshold(settings.threshold.toFixed(2))}</p>
          <button type="button" className="primary-button" onClick={() => onChange({ threshold: null })}>
            {say.emptyRemoveThreshold}
          </button>
        </>
      )}
    </div>
  )
}
