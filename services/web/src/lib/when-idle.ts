const SOON_MS = 2_000

/** Calls once, when the browser has nothing better to do, and the visitor does not save data. */
export function whenIdle(call: () => void): () => void {
  const { connection } = navigator as Navigator & { connection?: { saveData?: boolean } }
  if (connection?.saveData) return () => undefined
  const later = window.requestIdleCallback
  // Safari has no idle time.
  if (!later) {
    const timer = setTimeout(call, SOON_MS)
    return () => clearTimeout(timer)
  }
  const number = later(call)
  return () => window.cancelIdleCallback(number)
}
