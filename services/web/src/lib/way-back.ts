import { useMemo } from 'react'
import { useLocation } from 'react-router-dom'

/** The search that a product was come to from, and how many steps of the history lie between. */
export interface WayBack {
  search: string
  steps: number
}

/** Null for a product that was opened by its address: there are no results to go back to. */
export function useWayBack(): WayBack | null {
  const state: unknown = useLocation().state
  return isWayBack(state) ? state : null
}

/** The state of a link to a product: one step further from the search, also from product to product. */
export function useNextStep(): WayBack | null {
  const { pathname, search } = useLocation()
  const back = useWayBack()
  const searching = !pathname.startsWith('/product/')
  return useMemo(
    () => (searching ? { search, steps: 1 } : back && { search: back.search, steps: back.steps + 1 }),
    [back, search, searching],
  )
}

/** The picture by which the product matched the search that it was come to from. */
export function useMatchedPicture(): string | null {
  const state: unknown = useLocation().state
  if (typeof state !== 'object' || state === null || !('picture' in state)) return null
  return typeof state.picture === 'string' ? state.picture : null
}

const isWayBack = (state: unknown): state is WayBack =>
  typeof state === 'object' &&
  state !== null &&
  'search' in state &&
  typeof state.search === 'string' &&
  'steps' in state &&
  typeof state.steps === 'number'
