import { FiAlertCircle, FiEdit3 } from 'react-icons/fi'

import type { Found } from '../../api/client'
import { useLanguage } from '../../i18n/language'
import type { ChangeSettings } from '../../lib/use-search-settings'

interface Props {
  answer: Found
  /** True if there was a query that products can match. */
  asked: boolean
  onChange: ChangeSettings
}

/** Notices about an answer, beside its products. */
export function Notices({ answer, asked, onChange }: Props) {
  const { say } = useLanguage()
  const { original_query: original, rewritten_query: rewritten } = answer
  const degraded = (answer.degraded?.length ?? 0) > 0
  const isRewritten = Boolean(original && rewritten && original !== rewritten)
  const unsure = asked && answer.results.length > 0 && answer.results.every(({ strength }) => strength === 'weak')
  const unknown = answer.unknown ?? []
  if (!degraded && !isRewritten && !unsure && unknown.length === 0) return null
  return (
    <div className="mb-4 space-y-2 text-sm">
      {isRewritten && original && (
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <FiEdit3 aria-hidden className="muted" />
          <span>
            {say.rewritten} <q dir="auto" className="font-medium">{rewritten}</q>
          </span>
          <button type="button" className="link min-h-6" onClick={() => onChange({ rewrite: false })}>
            {say.useOriginal(original)}
          </button>
        </p>
      )}
      {unknown.length > 0 && (
        <p className="notice-warning flex items-center gap-2.5">
          <FiAlertCircle aria-hidden className="shrink-0" /> {say.unknownFilters(unknown.join(', '))}
        </p>
      )}
      {unsure && <p className="muted">{say.unsure}</p>}
      {degraded && (
        <p className="notice-warning flex items-center gap-2.5">
          <FiAlertCircle aria-hidden className="shrink-0" /> {say.degraded}
        </p>
      )}
    </div>
  )
}
