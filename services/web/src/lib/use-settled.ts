import { useEffect, useRef, useState } from 'react'

/** A slider has stood still for this long before its value is acted on. */
const STILL_MS = 250

/** The value to show, also while it is being dragged, and the way to drag it. */
export function useSettled<T>(value: T, onChange: (value: T) => void): [shown: T, drag: (value: T) => void] {
  const [dragged, setDragged] = useState<{ value: T } | null>(null)
  const latest = useRef(onChange)
  useEffect(() => {
    latest.current = onChange
  })
  useEffect(() => {
    if (dragged === null) return
    const timer = setTimeout(() => {
      setDragged(null)
      latest.current(dragged.value)
    }, STILL_MS)
    return () => clearTimeout(timer)
  }, [dragged])
  return [dragged ? dragged.value : value, (next) => setDragged({ value: next })]
}
