import { readStored, writeStored } from '../../lib/stored'

const MOST = 6
const isList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')

export const readRecents = (): string[] => readStored('recents', [], isList)

export function rememberQuery(query: string): void {
  const others = readRecents().filter((one) => one !== query)
  writeStored('recents', [query, ...others].slice(0, MOST))
}

export const forgetRecents = (): void => writeStored('recents', [])
