import { useEffect, useState } from 'react'
import { FiMoon, FiSun } from 'react-icons/fi'

import { useLanguage } from '../i18n/language'
import { readStored, writeStored } from '../lib/stored'

type Theme = 'light' | 'dark'
const isTheme = (value: unknown): value is Theme => value === 'light' || value === 'dark'

const systemTheme = (): Theme =>
  window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'

export function ThemeToggle() {
  const { say } = useLanguage()
  const [theme, setTheme] = useState<Theme>(() => readStored('theme', systemTheme(), isTheme))
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
  }, [theme])
  const other = theme === 'dark' ? 'light' : 'dark'
  const change = () => {
    setTheme(other)
    writeStored('theme', other)
  }
  return (
    <button type="button" className="icon-button" aria-label={say[other]} title={say[other]} onClick={change}>
      {theme === 'dark' ? <FiSun aria-hidden /> : <FiMoon aria-hidden />}
    </button>
  )
}
