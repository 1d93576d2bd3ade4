import { FiCheck } from 'react-icons/fi'

import type { ScoredProduct } from '../api/client'
import { useLanguage } from '../i18n/language'

/** Match of a product: in a word, and as the cosine similarity. */
export function Match({ score, strength }: Pick<ScoredProduct, 'score' | 'strength'>) {
  const { say } = useLanguage()
  return (
    <span className="inline-flex flex-wrap items-center gap-x-1.5">
      {strength === 'strong' ? (
        <span className="inline-flex items-center gap-1 font-medium whitespace-nowrap text-brand-700 dark:text-brand-300">
          <FiCheck aria-hidden className="max-sm:hidden" /> {say.strong}
        </span>
      ) : (
        <span className="muted whitespace-nowrap">{say.weakMatch}</span>
      )}
      <span className="muted tabular-nums" title={say.similarity}>
        <span className="sr-only">{say.similarity} </span>
        {score.toFixed(3)}
      </span>
    </span>
  )
}
