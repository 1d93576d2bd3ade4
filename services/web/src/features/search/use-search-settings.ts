import { useCallback } from 'react'
import { useSearchParams } from 'react-router-dom'

import { readSettings, writeSettings, type SearchSettings } from '../../lib/search-params'

type Change = (part: Partial<SearchSettings>, how?: { replace: boolean }) => void

/** The search as the address has it, and the way to change it. */
export function useSearchSettings(): [SearchSettings, Change] {
  const [parameters, setParameters] = useSearchParams()
  const change = useCallback<Change>(
    (part, how) => {
      setParameters((before) => writeSettings({ ...readSettings(before), ...part }), how)
    },
    [setParameters],
  )
  return [readSettings(parameters), change]
}
