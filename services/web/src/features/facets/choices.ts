import type { Facets } from '../../api/client'
import { LEVEL } from '../../lib/categories'

export interface Choice {
  value: string
  /** Number of results with this value; 0 for a chosen value that no result has. */
  count: number
  /** Categories above it. */
  depth: number
  label: string
}

export const CATEGORY = 'category'

/** Values of a field to choose from: those of the results, and those already chosen. */
export function choicesOf(field: string, facets: Facets | null, chosen: readonly string[]): Choice[] {
  const found = facets?.fields[field] ?? []
  const known = new Set(found.map(({ value }) => value.toLowerCase()))
  const missing = chosen.filter((value) => !known.has(value.toLowerCase()))
  const all = [...found, ...missing.map((value) => ({ value, count: 0 }))]
  if (field !== CATEGORY) return all.map(({ value, count }) => ({ value, count, depth: 0, label: value }))
  return all
    .map(({ value, count }) => {
      const path = value.split(LEVEL)
      return { value, count, depth: path.length - 1, label: path.at(-1) ?? value }
    })
    .sort(byTree(all))
}

/** Each category below its parent; those side by side with the most frequent first. */
function byTree(all: readonly { value: string; count: number }[]) {
  const counts = new Map(all.map(({ value, count }) => [value, count]))
  const key = (value: string) =>
    value
      .split(LEVEL)
      .map((_, depth, path) => path.slice(0, depth + 1).join(LEVEL))
      .map((path) => ({ path, count: counts.get(path) ?? 0 }))
  return (a: Choice, b: Choice): number => {
    const [left, right] = [key(a.value), key(b.value)]
    for (const [depth, one] of left.entries()) {
      const other = right[depth]
      if (!other) return 1
      if (one.path !== other.path) return other.count - one.count || one.path.localeCompare(other.path)
    }
    return left.length - right.length
  }
}

/** The values chosen once this one was ticked or unticked. Of a category and one below it, the last ticked stays. */
export function toggled(field: string, chosen: readonly string[], value: string): string[] {
  if (chosen.includes(value)) return chosen.filter((one) => one !== value)
  const related = (one: string) =>
    field === CATEGORY && (one.startsWith(value + LEVEL) || value.startsWith(one + LEVEL))
  return [...chosen.filter((one) => !related(one)), value]
}
