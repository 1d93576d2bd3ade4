import { useEffect, useRef, type RefObject } from 'react'

/**
 * Brings the focus to `to` where a change of `what` took away what had it: the keyboard goes on from there.
 * Where nothing had it, as on a page that was just opened, it stays at the beginning.
 */
export function useFocusKept(to: RefObject<HTMLElement | null>, what: unknown): void {
  const before = useRef(what)
  const focused = useRef<EventTarget | null>(null)
  useEffect(() => {
    focused.current = document.activeElement
    const follow = (event: FocusEvent) => (focused.current = event.target)
    document.addEventListener('focusin', follow)
    return () => document.removeEventListener('focusin', follow)
  }, [])
  useEffect(() => {
    if (before.current === what) return
    before.current = what
    const gone = focused.current instanceof Node && !focused.current.isConnected
    if (gone && document.activeElement === document.body) to.current?.focus({ preventScroll: true })
  }, [to, what])
}
