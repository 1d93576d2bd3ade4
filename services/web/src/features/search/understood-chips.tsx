import { FiEdit3, FiGrid, FiMinusCircle, FiTag } from 'react-icons/fi'

import type { SearchAnswer } from '../../api/client'
import { Chip } from '../../components/chip'
import { useLanguage } from '../../i18n/language'
import { label } from '../../lib/categories'
import type { ChangeSettings } from '../../lib/use-search-settings'

const ICONS = { price: FiTag, in_stock: FiTag, exclude: FiMinusCircle } as const

/** The words that were corrected: a long query is cut off on a phone before one sees them. */
function newWords(query: string, corrected: string): string {
  const typed = query.toLowerCase().split(/\s+/)
  const fresh = corrected.split(/\s+/).filter((word) => !typed.includes(word.toLowerCase()))
  return fresh.join(', ') || corrected
}

interface Props {
  query: string
  answer: Pick<SearchAnswer, 'understood' | 'corrected_query' | 'kept_category'>
  onChange: ChangeSettings
}

/** What the service read in the query beside its words: limits, corrected typos, the picture's kind. Each can be taken back. */
export function UnderstoodChips({ query, answer, onChange }: Props) {
  const { say } = useLanguage()
  const { understood = [], corrected_query: corrected, kept_category: kept } = answer
  if (understood.length === 0 && !corrected && !kept) return null
  return (
    <ul aria-label={say.understood} className="contents">
      {corrected && (
        <li className="chip-place">
          <Chip removeLabel={say.useOriginal(query)} onRemove={() => onChange({ exact: true })}>
            <FiEdit3 aria-hidden className="shrink-0" />
            <span className="truncate">{say.corrected(newWords(query, corrected))}</span>
          </Chip>
        </li>
      )}
      {kept && (
        <li className="chip-place">
          <Chip removeLabel={say.searchEverywhere} onRemove={() => onChange({ everywhere: true })}>
            <FiGrid aria-hidden className="shrink-0" />
            <span className="truncate">{say.onlyKind(label(kept))}</span>
          </Chip>
        </li>
      )}
      {understood.map(({ kind, text, without }) => {
        const Icon = ICONS[kind]
        return (
          <li key={`${kind} ${text}`} className="chip-place">
            <Chip removeLabel={say.remove(text)} onRemove={() => onChange({ query: without })}>
              <Icon aria-hidden className="shrink-0" />
              <span className="truncate">{text}</span>
            </Chip>
          </li>
        )
      })}
    </ul>
  )
}
