import { useState } from 'react'

import type { ScoredProduct } from '../../api/client'
import { tryQueries } from '../../api/try-queries'
import { Thumbnail } from '../../components/thumbnail'
import { useLanguage } from '../../i18n/language'
import { useAnswer } from '../../lib/use-answer'
import { forgetRecents, readRecents } from './recents'

/** What a newcomer sees: what this is, and something to try. */
export function FirstVisit({ onSearch }: { onSearch: (query: string) => void }) {
  const { say } = useLanguage()
  return (
    <div className="mt-12 space-y-12 sm:mt-16">
      <Recents onSearch={onSearch} />
      <Examples queries={say.examples} onSearch={onSearch} />
    </div>
  )
}

/** Only what the catalogue has something for is worth trying, and is shown with what would be found. */
function Examples({ queries, onSearch }: { queries: readonly string[]; onSearch: (query: string) => void }) {
  const { say } = useLanguage()
  const [answer] = useAnswer(`examples ${queries.join()}`, (signal) => tryQueries(queries, signal))
  // Without an answer there is nothing to show, and the search itself will say what is wrong.
  if (answer.state !== 'loading' && answer.state !== 'done') return null
  const tiles: (ScoredProduct | null | undefined)[] =
    answer.state === 'done' ? answer.value : queries.map(() => undefined)
  if (tiles.every((tile) => tile === null)) return null
  return (
    <section aria-labelledby="examples" aria-busy={answer.state === 'loading'}>
      <h2 id="examples" className="mb-4 text-center text-sm font-medium">
        {say.examplesTitle}
      </h2>
      <ul className="grid grid-cols-2 gap-3 sm:grid-cols-3 sm:gap-4 lg:grid-cols-6">
        {tiles.map((product, place) => {
          const query = queries[place]
          if (product === null || query === undefined) return null
          return (
            <li key={query}>
              <button
                type="button"
                className="card group flex h-full w-full cursor-pointer flex-col p-2.5 text-start text-sm"
                aria-label={say.searchFor(query)}
                onClick={() => onSearch(query)}
              >
                <span className="block w-full">
                  {product ? (
                    <Thumbnail url={product.image_url} title="" eager />
                  ) : (
                    <span className="block aspect-square animate-pulse rounded-xl bg-stone-200 dark:bg-stone-800" />
                  )}
                </span>
                <span className="block px-1 pt-2.5 pb-1 leading-snug font-medium">
                  <bdi>{query}</bdi>
                </span>
              </button>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function Recents({ onSearch }: { onSearch: (query: string) => void }) {
  const { say } = useLanguage()
  const [recents, setRecents] = useState(readRecents)
  if (recents.length === 0) return null
  return (
    <section aria-labelledby="recents" className="text-center">
      <div className="mb-3 flex items-center justify-center gap-3">
        <h2 id="recents" className="text-sm font-medium">
          {say.recents}
        </h2>
        <button
          type="button"
          className="link min-h-9 text-sm"
          onClick={() => {
            forgetRecents()
            setRecents([])
          }}
        >
          {say.forget}
        </button>
      </div>
      <ul className="flex flex-wrap justify-center gap-2">
        {recents.map((query) => (
          <li key={query} className="max-w-full">
            <button type="button" dir="auto" className="quiet-button max-w-full text-sm" onClick={() => onSearch(query)}>
              <span className="truncate">{query}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
