import { toFailure, type Failure } from './client'

/** Before each further attempt; each a little shorter or longer, so that not all pages ask at once. */
const PAUSES_MS = [2_000, 4_000, 8_000, 16_000, 30_000]

/**
 * Asks again a few times where a failure may pass, and not before the service wants to be asked again.
 * `tell` is called with a failure only if its kind differs from the one before: a screen reader would speak each attempt.
 * Rejects with the last error; after `signal` is aborted, at the end of the pause at the latest.
 */
export async function persist<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  tell: (failure: Failure) => void,
): Promise<T> {
  let told: Failure['kind'] | null = null
  for (const pause of PAUSES_MS) {
    try {
      return await ask(signal)
    } catch (error) {
      const failure = toFailure(error)
      if (signal.aborted || !failure.passing) throw error
      if (failure.kind !== told) tell(failure)
      told = failure.kind
      const ms = failure.waitMs + pause * (0.75 + Math.random() / 2)
      await new Promise((resolve) => setTimeout(resolve, ms))
      signal.throwIfAborted()
    }
  }
  return ask(signal)
}
