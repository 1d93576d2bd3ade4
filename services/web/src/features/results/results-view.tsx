import type { SearchAnswer } from '../../api/client'
import { FailureNotice } from '../../components/failure-notice'
import { useLanguage } from '../../i18n/language'
import type { SearchSettings } from '../../lib/search-params'
import type { Answer } from '../../lib/use-answer'
import { EmptyResults } from './empty-results'
import { ProductCard } from './product-card'

interface Props {
  answer: Answer<SearchAnswer>
  settings: SearchSettings
  onChange: (part: Partial<SearchSettings>) => void
  onRetry: () => void
}

/** The five faces of a search: not asked yet, waiting, results, nothing, failed. */
export function ResultsView({ answer, settings, onChange, onRetry }: Props) {
  const { say } = useLanguage()
  const waiting = answer.state === 'loading'
  const shown = answer.state === 'done' ? answer.value : waiting ? answer.before : null
  const count = shown?.results.length ?? 0
  return (
    <section aria-busy={waiting} aria-label={say.search} className="mt-6">
      <p role="status" className="muted min-h-6 text-sm">
        {waiting && say.loading}
        {answer.state === 'done' && `${say.found(count)} · ${say.took(Math.round(answer.value.took_ms))}`}
      </p>
      {answer.state === 'failed' && <FailureNotice failure={answer.failure} onRetry={onRetry} />}
      {answer.state === 'done' && <Notices answer={answer.value} onChange={onChange} />}
      {answer.state === 'done' && count === 0 && <EmptyResults settings={settings} onChange={onChange} />}
      {waiting && !shown && <Skeletons />}
      {shown && count > 0 && (
        <ul
          className={`mt-3 grid grid-cols-[repeat(auto-fill,minmax(min(100%,15rem),1fr))] gap-4 transition-opacity ${waiting ? 'opacity-50' : ''}`}
        >
          {shown.results.map((product, place) => (
            <li key={product.product_id}>
              <ProductCard product={product} eager={place < 8} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Notices({ answer, onChange }: { answer: SearchAnswer; onChange: Props['onChange'] }) {
  const { say } = useLanguage()
  const { original_query: original, rewritten_query: rewritten } = answer
  return (
    <>
      {(answer.degraded?.length ?? 0) > 0 && (
        <p className="panel mt-2 border-amber-400! px-4 py-3 text-sm">{say.degraded}</p>
      )}
      {original && rewritten && original !== rewritten && (
        <p className="mt-2 text-sm">
          <span dir="auto">{say.rewritten(rewritten)}</span>{' '}
          <button type="button" className="link" onClick={() => onChange({ rewrite: false })}>
            {say.useOriginal(original)}
          </button>
        </p>
      )}
    </>
  )
}

function Skeletons() {
  return (
    <div
      aria-hidden
      className="mt-3 grid grid-cols-[repeat(auto-fill,minmax(min(100%,15rem),1fr))] gap-4"
    >
      {Array.from({ length: 8 }, (_, place) => (
        <div key={place} className="panel animate-pulse p-3">
          <div className="aspect-square rounded-xl bg-slate-200 dark:bg-slate-800" />
          <div className="mt-4 h-4 w-3/4 rounded bg-slate-200 dark:bg-slate-800" />
          <div className="mt-3 h-4 w-1/3 rounded bg-slate-200 dark:bg-slate-800" />
          <div className="mt-5 h-10 rounded-full bg-slate-200 dark:bg-slate-800" />
        </div>
      ))}
    </div>
  )
}
