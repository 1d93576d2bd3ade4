import { FiCheck, FiMinus } from 'react-icons/fi'

import type { ScoredProduct } from '../api/client'
import { useLanguage } from '../i18n/language'

/** How well a product answers the search: in a word, as the cosine similarity, and as a bar. */
export function Match({ score, strength }: Pick<ScoredProduct, 'score' | 'strength'>) {
  const { say } = useLanguage()
  const strong = strength === 'strong'
  const part = Math.round(Math.min(1, Math.max(0, score)) * 100)
  return (
    <div className="mt-auto pt-3 pb-4 text-[0.6875rem] sm:text-xs">
      <div className="flex items-center justify-between gap-1 sm:gap-2">
        <span className={`inline-flex items-center gap-1 font-medium whitespace-nowrap ${strong ? 'text-brand-700 dark:text-brand-300' : 'muted'}`}>
          {strong ? <FiCheck aria-hidden className="max-sm:hidden" /> : <FiMinus aria-hidden className="max-sm:hidden" />}
          {strong ? say.strong : say.weakMatch}
        </span>
        <span className="muted tabular-nums" title={say.similarity}>
          <span className="sr-only">{say.similarity} </span>
          {score.toFixed(3)}
        </span>
      </div>
      <div aria-hidden className="mt-1.5 h-1 overflow-hidden rounded-full bg-stone-200 dark:bg-stone-700">
        <div
          className={`h-full rounded-full forced-color-adjust-none ${strong ? 'bg-brand-600 dark:bg-brand-400' : 'bg-stone-400 dark:bg-stone-500'}`}
          style={{ width: `${part}%` }}
        />
      </div>
    </div>
  )
}
