import { readStored } from '../lib/stored'
import type { Messages } from './english'
import { english } from './english'

/** The languages of the page. All but English are fetched when they are spoken. */
export const LANGUAGES = {
  en: { name: 'English', direction: 'ltr', words: () => Promise.resolve(english) },
  de: { name: 'Deutsch', direction: 'ltr', words: async () => (await import('./german')).german },
  ar: { name: 'العربية', direction: 'rtl', words: async () => (await import('./arabic')).arabic },
} as const satisfies Record<
  string,
  { name: string; direction: 'ltr' | 'rtl'; words: () => Promise<Messages> }
>

export type Language = keyof typeof LANGUAGES

export interface Spoken {
  language: Language
  say: Messages
}

export const ENGLISH: Spoken = { language: 'en', say: english }

export const wordsOf = async (language: Language): Promise<Spoken> => ({
  language,
  say: await LANGUAGES[language].words(),
})

export const isLanguage = (value: unknown): value is Language =>
  typeof value === 'string' && Object.hasOwn(LANGUAGES, value)

/** The language chosen before; else the first of the browser's that we speak; else English. */
export function preferredLanguage(): Language {
  const spoken = navigator.languages.map((tag) => tag.split('-')[0]).find(isLanguage)
  return readStored('language', spoken ?? 'en', isLanguage)
}
