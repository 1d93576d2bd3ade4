import { useState } from 'react'

import { useLanguage } from '../../i18n/language'
import { forgetRecents, readRecents } from './recents'

/** What a newcomer sees: what this is, and something to try. */
export function FirstVisit({ onSearch }: { onSearch: (query: string) => void }) {
  const { say } = useLanguage()
  const [recents, setRecents] = useState(readRecents)
  return (
    <div className="mt-10 space-y-10 text-center">
      <section aria-labelledby="examples">
        <h2 id="examples" className="muted mb-4">
          {say.examplesTitle}
        </h2>
        <Queries queries={say.examples} onSearch={onSearch} />
        <p className="muted mt-6 text-sm">{say.pictureHint}</p>
      </section>
      {recents.length > 0 && (
        <section aria-labelledby="recents">
          <h2 id="recents" className="muted mb-4">
            {say.recents}
          </h2>
          <Queries queries={recents} onSearch={onSearch} />
          <button
            type="button"
            className="link mt-4 text-sm"
            onClick={() => {
              forgetRecents()
              setRecents([])
            }}
          >
            {say.forget}
          </button>
        </section>
      )}
    </div>
  )
}

function Queries({ queries, onSearch }: { queries: readonly string[]; onSearch: (query: string) => void }) {
  return (
    <ul className="flex flex-wrap justify-center gap-2">
      {queries.map((query) => (
        <li key={query}>
          <button type="button" dir="auto" className="quiet-button" onClick={() => onSearch(query)}>
            {query}
          </button>
        </li>
      ))}
    </ul>
  )
}
