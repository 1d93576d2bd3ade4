import { createContext, useContext, useEffect, useLayoutEffect, useState, type ReactNode } from 'react'

import { writeStored } from '../lib/stored'
import { ENGLISH, LANGUAGES, preferredLanguage, wordsOf, type Language, type Spoken } from './languages'

interface Speaking extends Spoken {
  /** Rejects when the words cannot be fetched; the page goes on in the language that it speaks. */
  speak: (language: Language) => Promise<void>
}

const LanguageContext = createContext<Speaking>({ ...ENGLISH, speak: () => Promise.resolve() })

export function LanguageProvider({ first = ENGLISH, children }: { first?: Spoken; children: ReactNode }) {
  const [spoken, setSpoken] = useState(first)
  const { language } = spoken
  // Before the first paint in it: no word is seen in the direction of another language.
  useLayoutEffect(() => {
    document.documentElement.lang = language
    document.documentElement.dir = LANGUAGES[language].direction
  }, [language])
  useEffect(() => {
    // Another tab changed it. Words that cannot be fetched leave the page as it is.
    const follow = ({ key }: StorageEvent) => {
      if (key === 'language') wordsOf(preferredLanguage()).then(setSpoken, () => undefined)
    }
    window.addEventListener('storage', follow)
    return () => window.removeEventListener('storage', follow)
  }, [])
  const speak = async (other: Language) => {
    setSpoken(await wordsOf(other))
    writeStored('language', other)
  }
  return <LanguageContext value={{ ...spoken, speak }}>{children}</LanguageContext>
}

export const useLanguage = (): Speaking => useContext(LanguageContext)
