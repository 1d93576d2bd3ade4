import { useEffect, useState } from 'react'

const NOTICED_MS = 200
const LONG_MS = 4_000

/** Stage of a wait: not noticeable, noticeable, or long. */
export type Patience = 'none' | 'waiting' | 'long'

/** Starts again with each `what`; null waits for nothing. */
export function usePatience(what: string | null): Patience {
  const [felt, setFelt] = useState<{ what: string; patience: Patience } | null>(null)
  useEffect(() => {
    if (what === null) return
    const noticed = setTimeout(() => setFelt({ what, patience: 'waiting' }), NOTICED_MS)
    const long = setTimeout(() => setFelt({ what, patience: 'long' }), LONG_MS)
    return () => {
      clearTimeout(noticed)
      clearTimeout(long)
      setFelt(null)
    }
  }, [what])
  return felt?.what === what ? felt?.patience ?? 'none' : 'none'
}
