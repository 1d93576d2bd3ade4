import { useState } from 'react'
import { Link } from 'react-router-dom'

import { getCatalogue, type Catalogue } from '../../api/get-catalogue'
import { Thumbnail } from '../../components/thumbnail'
import { useLanguage } from '../../i18n/language'
import { browseAddress } from '../../lib/search-params'
import { useAnswer } from '../../lib/use-answer'
import { forgetRecents, readRecents } from './recents'

const PLACES = 6

/** Start screen below the box: earlier searches, and the catalogue's contents. */
export function FirstVisit({ onSearch }: { onSearch: (query: string) => void }) {
  const [answer] = useAnswer<Catalogue>('catalogue', getCatalogue)
  const catalogue = answer.state === 'done' ? answer.value : null
  // Without an answer there is nothing to show, and the search itself will say what is wrong.
  const waiting = answer.state === 'loading'
  return (
    <div className="mt-10 space-y-10 sm:mt-14">
      <Recents onSearch={onSearch} />
      {(waiting || (catalogue && catalogue.tiles.length > 0)) && <Tiles catalogue={catalogue} />}
      {catalogue && catalogue.examples.length > 0 && <Examples queries={catalogue.examples} onSearch={onSearch} />}
    </div>
  )
}

/** Categories of the catalogue, each with a product of it. Null while they are on their way. */
function Tiles({ catalogue }: { catalogue: Catalogue | null }) {
  const { say } = useLanguage()
  return (
    <section aria-labelledby="categories" aria-busy={catalogue === null}>
      <h2 id="categories" className="mb-4 text-center text-sm font-medium">
        {say.browseTitle}
      </h2>
      <ul className="grid grid-cols-2 gap-3 max-[16rem]:grid-cols-1 sm:grid-cols-3 sm:gap-4 lg:grid-cols-6">
        {catalogue === null
          ? Array.from({ length: PLACES }, (_, place) => (
              <li key={place} aria-hidden className="panel animate-pulse p-2.5">
                <span className="block aspect-square rounded-xl bg-stone-200 dark:bg-stone-800" />
                <span className="block h-9" />
              </li>
            ))
          : catalogue.tiles.map(({ category, name, count, product }) => (
              <li key={category}>
                <Link to={browseAddress(category)} className="card group flex h-full flex-col p-2.5 text-sm">
                  <Thumbnail url={product.image_url} title="" eager />
                  <span className="flex items-baseline justify-between gap-2 px-1 pt-2.5 pb-1 leading-snug">
                    <bdi className="font-medium wrap-anywhere">{name}</bdi>{' '}
                    <span className="muted tabular-nums">{count}</span>
                  </span>
                </Link>
              </li>
            ))}
      </ul>
    </section>
  )
}

function Examples({ queries, onSearch }: { queries: readonly string[]; onSearch: (query: string) => void }) {
  const { say } = useLanguage()
  return (
    <section aria-labelledby="examples" className="text-center">
      <h2 id="examples" className="mb-3 text-sm font-medium">
        {say.examplesTitle}
      </h2>
      <Queries queries={queries} onSearch={onSearch} />
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
      <Queries queries={recents} onSearch={onSearch} />
    </section>
  )
}

function Queries({ queries, onSearch }: { queries: readonly string[]; onSearch: (query: string) => void }) {
  return (
    <ul className="flex flex-wrap justify-center gap-2">
      {queries.map((query) => (
        <li key={query} className="max-w-full">
          <button type="button" dir="auto" className="quiet-button max-w-full text-sm" onClick={() => onSearch(query)}>
            <span className="truncate">{query}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}
