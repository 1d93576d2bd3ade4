import { useEffect, useRef } from 'react'
import { FiSearch } from 'react-icons/fi'
import { Link, Outlet, useHref, useLocation } from 'react-router-dom'

import { ErrorBoundary } from '../components/error-boundary'
import { LanguageSwitch } from '../components/language-switch'
import { OfflineNotice } from '../components/offline-notice'
import { ThemeToggle } from '../components/theme-toggle'
import { useLanguage } from '../i18n/language'
import { useFocusKept } from '../lib/use-focus-kept'

export function Layout() {
  const { say } = useLanguage()
  const main = useRef<HTMLElement>(null)
  const { key, pathname, search } = useLocation()
  // `#main` alone would be below the page's <base>, which is another address.
  const skip = useHref(`${pathname}${search}#main`)
  useFocusKept(main, pathname)
  usePrintedPictures()
  return (
    <div className="flex min-h-dvh flex-col">
      <a href={skip} className="primary-button absolute -top-20 start-4 z-30 focus:top-4">
        {say.skip}
      </a>
      <header className="print:hidden mx-auto flex w-full max-w-[90rem] items-center justify-between gap-2 px-4 py-3 sm:px-6 lg:px-8">
        <Link to="/" className="flex min-h-11 items-center gap-2.5 rounded-lg text-lg font-semibold tracking-tight">
          <span className="flex size-8 items-center justify-center rounded-lg bg-brand-700 text-base text-white">
            <FiSearch aria-hidden />
          </span>
          {say.name}
        </Link>
        <div className="flex items-center gap-1">
          <LanguageSwitch />
          <ThemeToggle />
        </div>
      </header>
      <OfflineNotice />
      <main ref={main} id="main" tabIndex={-1} className="mx-auto w-full max-w-[90rem] flex-1 px-4 pb-20 outline-none sm:px-6 lg:px-8">
        <ErrorBoundary of={key}>
          <Outlet />
        </ErrorBoundary>
      </main>
    </div>
  )
}

/** Pictures that no one has scrolled to are printed too. */
function usePrintedPictures(): void {
  useEffect(() => {
    const load = () => {
      for (const picture of document.querySelectorAll<HTMLImageElement>('img[loading=lazy]')) picture.loading = 'eager'
    }
    window.addEventListener('beforeprint', load)
    return () => window.removeEventListener('beforeprint', load)
  }, [])
}
