import { useEffect, useState } from 'react'

import { getSuggestions, type SuggestedProduct, type Suggestions } from '../../api/get-suggestions'
import { useAnswer } from '../../lib/use-answer'
import { readRecents } from './recents'

/** Typing has paused for this long before completions are asked for. */
const PAUSE_MS = 120
/** As much as the gateway completes. */
const LONGEST = 200
const MOST_PRODUCTS = 3
const MOST_RECENTS = 3

export type Suggested =
  | { kind: 'recent' | Suggestions['suggestions'][number]['kind']; text: string }
  | { kind: 'product'; product: SuggestedProduct }

interface Suggesting {
  items: Suggested[]
  /** Reads the earlier searches again. */
  look: () => void
}

/** Earlier searches that begin as typed, completions, and products. */
export function useSuggestions(typed: string): Suggesting {
  const words = usePaused(typed.trim().slice(0, LONGEST))
  const [recents, setRecents] = useState(readRecents)
  const [answer] = useAnswer<Suggestions>(words ? `suggest ${words}` : null, (signal) => getSuggestions(words, signal))
  // The completions before stay until the next are there: the list does not flicker.
  const found = answer.state === 'done' ? answer.value : answer.state === 'loading' ? answer.before : null
  return { items: suggestedFor(typed.trim(), recents, found), look: () => setRecents(readRecents()) }
}

/** Each text once. */
function suggestedFor(typed: string, recents: readonly string[], found: Suggestions | null): Suggested[] {
  const start = typed.toLowerCase()
  const earlier = recents
    .filter((one) => one !== typed && one.toLowerCase().startsWith(start))
    .slice(0, start ? MOST_RECENTS : undefined)
  const products = (found?.products ?? []).slice(0, MOST_PRODUCTS)
  const known = new Set([...earlier, ...products.map(({ title }) => title)].map((one) => one.toLowerCase()))
  const completions = (found?.suggestions ?? []).filter(({ text }) => !known.has(text.toLowerCase()))
  return [
    ...earlier.map((text) => ({ kind: 'recent' as const, text })),
    ...completions.map(({ kind, text }) => ({ kind, text })),
    ...products.map((product) => ({ kind: 'product' as const, product })),
  ]
}

function usePaused(value: string): string {
  const [paused, setPaused] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setPaused(value), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [value])
  return value === '' ? '' : paused
}
