import { useRef, type RefObject } from 'react'

interface Handlers {
  onCompositionStart: () => void
  onCompositionEnd: () => void
}

/** Whether an input method is composing a word, whose Enter and Escape are not the page's; and handlers for the field. */
export function useComposing(): [composing: RefObject<boolean>, handlers: Handlers] {
  const composing = useRef(false)
  return [
    composing,
    {
      onCompositionStart: () => {
        composing.current = true
      },
      onCompositionEnd: () => {
        composing.current = false
      },
    },
  ]
}
