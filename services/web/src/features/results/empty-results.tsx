import { FiSearch } from 'react-icons/fi'

import { useLanguage } from '../../i18n/language'
import { countFilters, NO_FILTERS, type SearchSettings } from '../../lib/search-params'
import type { ChangeSettings } from '../../lib/use-search-settings'

interface Props {
  settings: SearchSettings
  onChange: ChangeSettings
}

/** Names the probable cause, and offers one action that fixes it. */
export function EmptyResults({ settings, onChange }: Props) {
  const { say } = useLanguage()
  const { query, picture, threshold, weak } = settings
  const advice = picture !== null && !query ? say.emptyPictureAdvice : say.emptyAdvice
  const [cause, mend, part] =
    countFilters(settings) > 0
      ? [say.emptyFilters, say.filtersClear, NO_FILTERS]
      : threshold !== null
        ? [say.emptyThreshold(threshold.toFixed(2)), say.emptyRemoveThreshold, { threshold: null }]
        : weak
          ? [advice, null, {}]
          : [say.emptyCutOff, say.emptyShowNearest, { weak: true }]
  return (
    <div className="empty-state">
      <FiSearch aria-hidden className="muted text-3xl" />
      <p className="text-lg font-semibold">{say.emptyTitle}</p>
      <p className="muted">{cause}</p>
      {mend && (
        <button type="button" className="primary-button mt-1" onClick={() => onChange(part)}>
          {mend}
        </button>
      )}
      {cause !== advice && <p className="muted text-sm">{advice}</p>}
    </div>
  )
}
