import { useEffect, useRef, useState } from 'react'
import { useSearchParams } from 'react-router-dom'

import { readSettings, writeSettings, type SearchSettings } from './search-params'

export type ChangeSettings = (part: Partial<SearchSettings>, how?: { replace: boolean }) => void

/** The search as the address has it, and the way to change it. Each change is a step that Back undoes. */
export function useSearchSettings(): [SearchSettings, ChangeSettings] {
  const [parameters, setParameters] = useSearchParams()
  const latest = useRef({ parameters, setParameters })
  useEffect(() => {
    latest.current = { parameters, setParameters }
  })
  // One function for as long as the page lives, which starts from the address as it is when it is called:
  // what waited for a picture to be sent must not bring back what was changed meanwhile.
  const [change] = useState(() => (part: Partial<SearchSettings>, how?: { replace: boolean }) => {
    const { parameters: before, setParameters: set } = latest.current
    // Another search begins with its first page.
    const after = writeSettings({ ...readSettings(before), shown: 0, ...part })
    if (after.toString() !== before.toString()) set(after, how)
  })
  return [readSettings(parameters), change]
}
