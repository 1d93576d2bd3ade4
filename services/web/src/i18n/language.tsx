import { createContext, useContext, useEffect, useState, type ReactNode } from 'react'

import { readStored, writeStored } from '../lib/stored'
import { english, LANGUAGES, type Language, type Messages } from './messages'

interface Spoken {
  language: Language
  say: Messages
  speak: (language: Language) => void
}

const LanguageContext = createContext<Spoken>({ language: 'en', say: english, speak: () => undefined })

const isLanguage = (value: unknown): value is Language =>
  typeof value === 'string' && Object.hasOwn(LANGUAGES, value)

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => readStored('language', 'en', isLanguage))
  useEffect(() => {
    document.documentElement.lang = language
    document.documentElement.dir = LANGUAGES[language].direction
    writeStored('language', language)
  }, [language])
  return (
    <LanguageContext value={{ language, say: LANGUAGES[language], speak: setLanguage }}>
      {children}
    </LanguageContext>
  )
}

export const useLanguage = (): Spoken => useContext(LanguageContext)
