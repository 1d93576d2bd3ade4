import { useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from 'react'
import { useNavigationType } from 'react-router-dom'

import type { Found } from '../../api/client'
import { Breadcrumb } from '../../components/breadcrumb'
import { FailureNotice } from '../../components/failure-notice'
import { useAnnounce } from '../../components/status-line'
import { useLanguage } from '../../i18n/language'
import { hasQuestion, type SearchSettings } from '../../lib/search-params'
import type { Answer } from '../../lib/use-answer'
import { useFocusKept } from '../../lib/use-focus-kept'
import { usePatience } from '../../lib/use-patience'
import { usePlace } from '../../lib/use-place'
import type { ChangeSettings } from '../../lib/use-search-settings'
import { useNextStep } from '../../lib/way-back'
import { EmptyResults } from './empty-results'
import { useFoundText } from './found-text'
import { LoadMore } from './load-more'
import { Notices } from './notices'
import { ResultList, ResultSkeletons } from './result-list'
import { SortSelect } from './sort-select'
import { Waiting } from './waiting'
import { byStrength } from './why'

interface Props {
  answer: Answer<Found>
  /** The last answer, also while the next one is awaited. */
  shown: Found | null
  /** True if it answers the current query, perhaps with other filters or another order. */
  sameQuestion: boolean
  /** Identifies a search. */
  searchKey: string
  settings: SearchSettings
  onChange: ChangeSettings
  onExtend: (answer: Found) => void
  onRetry: () => void
  onMoreLike: (id: string) => void
  onLessLike: (id: string) => void
  /** The filters of small screens. */
  filterButton: ReactNode
}

/** The faces of a search that was asked: waiting, results, nothing, failed. */
export function ResultsView(props: Props) {
  const { answer, shown, settings, sameQuestion, onChange } = props
  const { say } = useLanguage()
  const waiting = answer.state === 'loading'
  const patience = usePatience(waiting ? props.searchKey : null)
  // An old answer never stands under a new question for longer than it takes to notice.
  const outdated = waiting && (patience !== 'none' || !sameQuestion)
  const kept = waiting && patience !== 'none' && !sameQuestion ? null : shown
  const found = useFoundText(shown)
  const step = useNextStep()
  const title = useRef<HTMLHeadingElement>(null)
  const [focus, setFocus] = useState<string | null>(null)
  useFocusKept(title, answer.state)
  // Nothing to sort, and nothing to stand in columns.
  const bare = answer.state === 'failed' || (answer.state === 'done' && answer.value.results.length === 0)
  // Without a product in the question, something else is missing, such as the gateway behind a proxy.
  const named = settings.like.length > 0 || settings.unlike.length > 0
  const [category, ...others] = settings.filters['category'] ?? []
  useSpoken(answer)
  usePlace(answer.state === 'done')
  useSeenFromTop(title, props.searchKey)
  const { onMoreLike } = props
  const moreLike = useCallback((id: string) => {
    onMoreLike(id)
    // The pressed button disappears with its products.
    window.scrollTo(0, 0)
    title.current?.focus({ preventScroll: true })
  }, [onMoreLike])
  const extend = (fuller: Found) => {
    const known = new Set(shown?.results.map(({ product_id }) => product_id))
    const fresh = byStrength(fuller.results).flat().find(({ product_id }) => !known.has(product_id))
    setFocus(fresh?.product_id ?? null)
    props.onExtend(fuller)
  }
  return (
    <section id="results" tabIndex={-1} aria-busy={waiting} aria-labelledby="results-title" className={`outline-none ${bare ? 'mx-auto w-full max-w-xl' : ''}`}>
      {category !== undefined && others.length === 0 && (
        <div className="mb-2">
          <Breadcrumb category={category} current />
        </div>
      )}
      <div className="mb-2 flex flex-wrap items-center justify-between gap-x-2 gap-y-1 sm:mb-4 sm:gap-x-4">
        <div className="flex items-baseline gap-2">
          <h2 ref={title} id="results-title" tabIndex={-1} className="scroll-mt-24 text-lg font-semibold outline-none max-[26rem]:text-base">
            {answer.state === 'failed' ? say.noAnswer : outdated ? say.loading : (found ?? say.loading)}
          </h2>
          {answer.state === 'done' && (
            <span className="muted text-sm max-sm:hidden">{say.took(Math.round(answer.value.took_ms))}</span>
          )}
        </div>
        <div className="flex min-w-0 items-center gap-2 max-[16rem]:flex-wrap print:hidden">
          {props.filterButton}
          {!bare && (
            <SortSelect
              sort={settings.sort}
              relevance={hasQuestion(settings)}
              onChange={(sort) => onChange({ sort })}
            />
          )}
        </div>
      </div>
      <Waiting patience={patience} />
      {answer.state === 'failed' && (
        <FailureNotice
          failure={named || answer.failure.kind !== 'missing' ? answer.failure : { ...answer.failure, kind: 'broken' }}
          retrying={answer.retrying}
          onRetry={props.onRetry}
          onWithout={() => onChange({ like: [], unlike: [] })}
        />
      )}
      {answer.state === 'done' && <Notices answer={answer.value} asked={hasQuestion(settings)} onChange={onChange} />}
      {answer.state === 'done' && answer.value.results.length === 0 && (
        <EmptyResults settings={settings} onChange={onChange} />
      )}
      {waiting && !kept && <ResultSkeletons />}
      {answer.state !== 'failed' && kept && kept.results.length > 0 && (
        <ResultList
          products={kept.results}
          step={step}
          matched={hasQuestion(settings) && (sameQuestion || !waiting)}
          looks={settings.picture !== null || settings.like.length > 0}
          dimmed={waiting}
          focus={focus}
          onMoreLike={moreLike}
          onLessLike={hasQuestion(settings) ? props.onLessLike : null}
        />
      )}
      {answer.state === 'done' && answer.value.results.length > 0 && (
        <LoadMore key={props.searchKey} answer={answer.value} k={settings.k} onLoaded={extend} />
      )}
    </section>
  )
}

/** A filter that was ticked far down leads to another answer, which is read from its beginning. */
function useSeenFromTop(title: RefObject<HTMLElement | null>, key: string): void {
  const how = useNavigationType()
  const before = useRef(key)
  useLayoutEffect(() => {
    if (before.current === key) return
    before.current = key
    // Back and Forward find the place where they left it.
    if (how !== 'POP' && title.current && title.current.getBoundingClientRect().top < 0) title.current.scrollIntoView?.()
  }, [how, key, title])
}

/** Speaks how many were found once an answer is there; further pages speak for themselves. */
function useSpoken(answer: Answer<Found>): void {
  const announce = useAnnounce()
  const { say } = useLanguage()
  const text = useFoundText(answer.state === 'done' ? answer.value : null)
  const id = answer.state === 'done' ? answer.value.request_id : null
  const none = answer.state === 'done' && answer.value.results.length === 0
  useEffect(() => {
    if (id !== null && text !== null) announce(none ? say.emptyTitle : text)
  }, [announce, id, none, say, text])
}
