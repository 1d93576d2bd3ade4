import { useCallback, useState } from 'react'

import type { Found } from '../api/client'
import { later } from '../components/later'
import { FacetSheet } from '../features/facets/facet-sheet'
import { hasChoices } from '../features/facets/has-choices'
import { useFoundText } from '../features/results/found-text'
import { ResultsView } from '../features/results/results-view'
import { useLanguage } from '../i18n/language'
import { countFilters, DEFAULTS, MOST_UNLIKE, type SearchSettings } from '../lib/search-params'
import type { Answer } from '../lib/use-answer'
import type { ChangeSettings } from '../lib/use-search-settings'

/** It comes beside the results, and not before them. */
const facetPanel = later(async () => (await import('../features/facets/facet-panel')).FacetPanel)

interface Props {
  answer: Answer<Found>
  /** True while a picture is being uploaded, after which another search starts. */
  sending: boolean
  searchKey: string
  settings: SearchSettings
  onChange: ChangeSettings
  onExtend: (answer: Found) => void
  onRetry: () => void
}

/** The results, beside their filters. */
export function SearchResults({ answer: told, sending, settings, onChange, ...results }: Props) {
  const { say } = useLanguage()
  const answer: Answer<Found> =
    sending && told.state !== 'loading'
      ? { state: 'loading', before: told.state === 'done' ? told.value : null }
      : told
  const shown = answer.state === 'done' ? answer.value : answer.state === 'loading' ? answer.before : null
  // The last answered query, without filters and order.
  const question = JSON.stringify([settings.query, settings.picture, settings.like, settings.unlike, sending])
  const [answered, setAnswered] = useState<string | null>(null)
  if (answer.state === 'done' && answered !== question) setAnswered(question)
  // Filters stay where they are when a search fails: one of them may be why.
  const [facets, setFacets] = useState(shown?.facets ?? null)
  if (shown?.facets && shown.facets !== facets) setFacets(shown.facets)
  const found = useFoundText(shown)
  // The same functions as long as nothing changes: with others, each card would be drawn again.
  const { unlike } = settings
  const moreLike = useCallback((id: string) => onChange({ ...START_AGAIN, like: [id] }), [onChange])
  const lessLike = useCallback((id: string) => onChange({ unlike: [...new Set([...unlike, id])].slice(-MOST_UNLIKE) }), [onChange, unlike])
  const panel = { facets, settings, onChange }
  // Room is kept for the filters while they are on their way.
  const filtering = answer.state === 'loading' || hasChoices(facets) || countFilters(settings) > 0
  return (
    <div className={`mt-2 sm:mt-4 ${filtering ? 'lg:grid lg:grid-cols-[14rem_minmax(0,1fr)] lg:gap-10' : ''}`}>
      {filtering && (
        <aside aria-label={say.filters} className="facets hidden lg:block print:hidden">
          <facetPanel.Part {...panel} />
        </aside>
      )}
      <ResultsView
        {...results}
        answer={answer}
        shown={shown}
        sameQuestion={answered === question}
        settings={settings}
        onChange={onChange}
        onMoreLike={moreLike}
        onLessLike={lessLike}
        filterButton={
          filtering && (
            <FacetSheet settings={settings} found={found ?? ''}>
              {/* Inside the sheet, changes are part of the one step that Back leads out of. */}
              <facetPanel.Part {...panel} onChange={(part) => onChange(part, { replace: true, keepState: true })} />
            </FacetSheet>
          )
        }
      />
    </div>
  )
}

const { query, picture, look, unlike: none, everywhere, filters, inStock, price, sort } = DEFAULTS
/** More like one product is a search of its own: what was sought before would pull away from it. */
const START_AGAIN = { query, picture, look, unlike: none, everywhere, filters, inStock, price, sort } as const
