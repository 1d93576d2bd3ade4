import { FiSearch } from 'react-icons/fi'
import { Link, Outlet } from 'react-router-dom'

import { ThemeToggle } from '../components/theme-toggle'
import { useLanguage } from '../i18n/language'
import { LANGUAGES, type Language } from '../i18n/messages'

export function Layout() {
  const { language, say, speak } = useLanguage()
  const other: Language = language === 'en' ? 'ar' : 'en'
  return (
    <div className="min-h-dvh text-slate-900 dark:text-slate-100">
      <a href="#main" className="primary-button absolute -top-20 start-4 z-10 focus:top-4">
        {say.skip}
      </a>
      <header className="mx-auto flex max-w-7xl items-center justify-between gap-2 px-4 py-3 sm:px-6">
        <Link to="/" className="flex items-center gap-2 rounded-lg text-lg font-bold tracking-tight">
          <span className="flex size-9 items-center justify-center rounded-xl bg-brand-700 text-white">
            <FiSearch aria-hidden />
          </span>
          {say.name}
        </Link>
        <div className="flex items-center">
          <button
            type="button"
            lang={other}
            className="min-h-11 cursor-pointer rounded-full px-3 font-medium hover:bg-slate-200/70 dark:hover:bg-slate-800"
            onClick={() => speak(other)}
          >
            {LANGUAGES[other].language}
          </button>
          <ThemeToggle />
        </div>
      </header>
      <main id="main" className="mx-auto max-w-7xl px-4 pb-16 sm:px-6">
        <Outlet />
      </main>
    </div>
  )
}
