/** Small values kept in the browser. A browser that keeps nothing (private mode) changes nothing. */

export function readStored<T>(name: string, fallback: T, valid: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(name) ?? 'null')
    return valid(value) ? value : fallback
  } catch {
    return fallback
  }
}

export function writeStored(name: string, value: unknown): void {
  try {
    localStorage.setItem(name, JSON.stringify(value))
  } catch {
    // Nothing to be done: the value lives as long as the page.
  }
}
