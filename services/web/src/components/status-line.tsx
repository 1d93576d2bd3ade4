import { createContext, useCallback, useContext, useState, type ReactNode } from 'react'

const AnnounceContext = createContext<(text: string) => void>(() => undefined)

/** The page's one status line, which screen readers speak as soon as they are done with what they say. */
export function StatusLine({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState({ text: '', number: 0 })
  const announce = useCallback(
    (text: string) => setSaid(({ number }) => ({ text, number: number + 1 })),
    [],
  )
  return (
    <AnnounceContext value={announce}>
      {children}
      <p role="status" className="sr-only">
        {/* A new element each time, so that the same words twice are spoken twice. */}
        <span key={said.number}>{said.text}</span>
      </p>
    </AnnounceContext>
  )
}

export const useAnnounce = (): ((text: string) => void) => useContext(AnnounceContext)
