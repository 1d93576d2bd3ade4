import { useEffect, useState } from 'react'
import { FiMoon, FiSun } from 'react-icons/fi'

import { useLanguage } from '../i18n/language'
import { readStored, writeStored } from '../lib/stored'

type Theme = 'light' | 'dark'
const isTheme = (value: unknown): value is Theme => value === 'light' || value === 'dark'

const darkSystem = () => window.matchMedia('(prefers-color-scheme: dark)')
const themeNow = (): Theme => readStored('theme', darkSystem().matches ? 'dark' : 'light', isTheme)

export function ThemeToggle() {
  const { say } = useLanguage()
  const [theme, setTheme] = useState(themeNow)
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
  }, [theme])
  useEffect(() => {
    // Another tab, or the system in the evening, changed it.
    const follow = () => setTheme(themeNow())
    const system = darkSystem()
    system.addEventListener('change', follow)
    window.addEventListener('storage', follow)
    return () => {
      system.removeEventListener('change', follow)
      window.removeEventListener('storage', follow)
    }
  }, [])
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
