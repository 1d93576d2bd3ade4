import { useEffect, useRef, type RefObject } from 'react'

/** Brings the focus to `to` where a change of `what` took away what had it: the keyboard goes on from there. */
export function useFocusKept(to: RefObject<HTMLElement | null>, what: unknown): void {
  const before = useRef(what)
  useEffect(() => {
    if (before.current === what) return
    before.current = what
    if (document.activeElement === document.body) to.current?.focus({ preventScroll: true })
  }, [to, what])
}
