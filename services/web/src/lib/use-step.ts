import { useEffect, useRef } from 'react'
import { useLocation, useNavigate } from 'react-router-dom'

/**
 * Something that is open as a step of the history, so that Back closes it. What was changed meanwhile, in
 * the address, stays when it is closed, and is one step that a further Back undoes.
 */
export function useStep(name: string): [open: boolean, set: (open: boolean) => void] {
  const location = useLocation()
  const navigate = useNavigate()
  const open = (location.state as { step?: unknown } | null)?.step === name
  // The address before it was opened, and the one that it has while it is open.
  const opened = useRef<{ before: string; now: string } | null>(null)
  const address = location.pathname + location.search
  useEffect(() => {
    if (open) {
      opened.current = { before: opened.current?.before ?? address, now: address }
      return
    }
    const last = opened.current
    opened.current = null
    // Back led behind the changes: they are made again, as one step.
    if (last && last.now !== last.before && address === last.before) void navigate(last.now)
  }, [address, navigate, open])
  const set = (wanted: boolean) => {
    if (wanted) void navigate(address, { state: { step: name } })
    else void navigate(-1)
  }
  return [open, set]
}
