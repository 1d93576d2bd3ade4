const MARK = 'reloaded'
const AGAIN_AFTER_MS = 60_000

/**
 * Loads the page again, which brings the parts of the newest deployment. Returns false where that would
 * not help: without a network, or when the page did so a moment ago.
 */
export function reloadOnce(): boolean {
  if (!navigator.onLine) return false
  try {
    if (Date.now() - Number(sessionStorage.getItem(MARK)) < AGAIN_AFTER_MS) return false
    sessionStorage.setItem(MARK, String(Date.now()))
  } catch {
    return false // Without a memory, the page could reload for ever.
  }
  window.location.reload()
  return true
}
