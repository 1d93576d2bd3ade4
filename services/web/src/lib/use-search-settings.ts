import { useEffect, useMemo, useRef, useState } from 'react'
import { useLocation, useNavigate } from 'react-router-dom'

import { readSettings, writeSettings, type SearchSettings } from './search-params'

export interface How {
  /** Takes the place of the step before. */
  replace?: boolean
  /** Keeps the state of the step before, such as an open sheet. */
  keepState?: boolean
  /** Also a step, in place of the one before, if it changes nothing. */
  again?: boolean
}

export type ChangeSettings = (part: Partial<SearchSettings>, how?: How) => void

/** Pages that show the search of their address. A slash at its end changes nothing. */
export const isSearchPage = (pathname: string): boolean => /^\/(search\/?)?$/.test(pathname)

/**
 * The search as the address has it, and the way to change it. Each change is a step that Back undoes.
 * On any other page there is no search, and a change leads to the results.
 */
export function useSearchSettings(): [SearchSettings, ChangeSettings] {
  const location = useLocation()
  const navigate = useNavigate()
  const latest = useRef({ location, navigate })
  useEffect(() => {
    latest.current = { location, navigate }
  })
  // One function for as long as the page lives, which starts from the address as it is when it is called:
  // what waited for a picture to be sent must not bring back what was changed meanwhile.
  const [change] = useState(() => (part: Partial<SearchSettings>, { replace = false, keepState = false, again = false }: How = {}) => {
    const { location: at, navigate: go } = latest.current
    const here = isSearchPage(at.pathname)
    const before = new URLSearchParams(here ? at.search : '')
    // Another search begins with its first page.
    const after = writeSettings({ ...readSettings(before), shown: 0, ...part }).toString()
    const same = here && after === before.toString()
    if (same && !again) return
    const to = { pathname: here ? at.pathname : '/', search: after && `?${after}` }
    void go(to, { replace: replace || same, ...(keepState && { state: at.state as unknown }) })
  })
  const search = isSearchPage(location.pathname) ? location.search : ''
  const settings = useMemo(() => readSettings(new URLSearchParams(search)), [search])
  return [settings, change]
}
