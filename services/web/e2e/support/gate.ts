/** What waits for the promise goes on when the function is called. */
export function gate(): [held: Promise<void>, release: () => void] {
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  return [held, release]
}
