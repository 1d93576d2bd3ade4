import { useCallback, useEffect, useRef, type MouseEvent } from 'react'
import { FiSearch } from 'react-icons/fi'
import { Link, Outlet, useHref, useLocation, useNavigate } from 'react-router-dom'

import { ErrorBoundary } from '../components/error-boundary'
import { LanguageSelect } from '../components/language-select'
import { OfflineNotice } from '../components/offline-notice'
import { later } from '../components/later'
import { ThemeToggle } from '../components/theme-toggle'
import { PictureButton } from '../features/picture/picture-button'
import { usePictureSearch } from '../features/picture/use-picture-search'
import { rememberQuery } from '../features/search/recents'
import { SearchBar } from '../features/search/search-bar'
import { useLanguage } from '../i18n/language'
import { asksForSomething, readSettings } from '../lib/search-params'
import { useFocusKept } from '../lib/use-focus-kept'
import { isSearchPage, useSearchSettings } from '../lib/use-search-settings'
import { useWide } from '../lib/use-wide'
import { useWayBack } from '../lib/way-back'
import type { Shop } from './use-shop'

/** Nobody drags a picture before the page stands. */
const dropTarget = later(async () => (await import('../features/picture/drop-target')).DropTarget)

/** The frame of every page, with the search box. */
export function Layout() {
  const { say } = useLanguage()
  const main = useRef<HTMLElement>(null)
  const { key, pathname } = useLocation()
  const [settings, onChange] = useSearchSettings()
  const pictures = usePictureSearch(settings.picture, onChange)
  const wide = useWide()
  const searching = isSearchPage(pathname)
  const first = searching && !asksForSomething(settings) && pictures.picture === null
  const searchWords = useCallback(
    (query: string) => {
      if (query) rememberQuery(query)
      // A search that failed is asked again by the same words.
      onChange({ query, exact: false }, { again: true })
    },
    [onChange],
  )
  useFocusKept(main, `${pathname} ${String(first)}`)
  usePrintedPictures()
  const box = <Box pictures={pictures} searching={searching} query={settings.query} onSearch={searchWords} />
  const controls = (
    <div className="flex shrink-0 items-center gap-1">
      <LanguageSelect />
      <ThemeToggle />
    </div>
  )
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink to={searching && !first ? 'results' : 'main'} />
      <header className="page-header sticky top-0 z-20 print:hidden max-[16rem]:static">
        <div className="mx-auto flex w-full max-w-[90rem] flex-wrap items-center gap-2 px-3 py-2 sm:gap-4 sm:px-6 lg:px-8">
          <Link to="/" className="flex min-h-11 min-w-11 shrink-0 items-center justify-center gap-2.5 rounded-lg text-lg font-semibold tracking-tight">
            <span className="flex size-8 items-center justify-center rounded-lg bg-brand-700 text-base text-white">
              <FiSearch aria-hidden />
            </span>
            <span className={first || wide ? '' : 'sr-only'}>{say.name}</span>
          </Link>
          {!first && <div className="mx-auto max-w-3xl min-w-0 flex-1 basis-56">{box}</div>}
          {(first || wide) && <div className="ms-auto">{controls}</div>}
        </div>
      </header>
      <OfflineNotice />
      <main ref={main} id="main" tabIndex={-1} className="mx-auto w-full max-w-[90rem] flex-1 px-3 pb-20 outline-none sm:px-6 lg:px-8">
        {first && <Welcome>{box}</Welcome>}
        {pictures.refusal && (
          <p role="alert" className="error-text mx-auto mt-3 max-w-3xl px-4">
            {say[pictures.refusal]}
          </p>
        )}
        <ErrorBoundary of={key}>
          <Outlet context={{ settings, onChange, pictures, searchWords } satisfies Shop} />
        </ErrorBoundary>
      </main>
      {!first && !wide && (
        <footer className="flex justify-center border-t border-stone-200 p-3 dark:border-stone-800 print:hidden">{controls}</footer>
      )}
      <dropTarget.Part onPicture={pictures.choose} onRefuse={pictures.refuse} />
    </div>
  )
}

interface BoxProps {
  pictures: Shop['pictures']
  searching: boolean
  query: string
  onSearch: (query: string) => void
}

/** On the page of a product, the box holds the words that led there. */
function Box({ pictures, searching, query, onSearch }: BoxProps) {
  const back = useWayBack()
  const navigate = useNavigate()
  const before = readSettings(new URLSearchParams(back?.search ?? '')).query
  return (
    <SearchBar
      query={searching ? query : before}
      onSearch={onSearch}
      onProduct={(id) => void navigate(`/product/${encodeURIComponent(id)}`)}
    >
      <PictureButton onChoose={pictures.choose} />
    </SearchBar>
  )
}

/** The start screen: what can be done here, and the box in its middle. */
function Welcome({ children }: { children: React.ReactNode }) {
  const { say } = useLanguage()
  return (
    <div className="mx-auto max-w-2xl pt-8 sm:pt-20">
      <h1 className="text-center text-3xl font-semibold tracking-tight text-balance sm:text-5xl">{say.tagline}</h1>
      <p className="muted mt-4 mb-8 text-center text-balance sm:text-lg">{say.subtitle}</p>
      {children}
      <p className="muted mt-4 text-center text-sm text-balance pointer-coarse:hidden">{say.pictureHint}</p>
    </div>
  )
}

/** To the results, past the box, the chips and the filters. */
function SkipLink({ to }: { to: 'results' | 'main' }) {
  const { say } = useLanguage()
  const { pathname, search } = useLocation()
  // `#results` alone would be below the page's <base>, which is another address.
  const href = useHref(`${pathname}${search}#${to}`)
  const skip = (event: MouseEvent) => {
    // Straight there: as a step of the history, it would have to be undone by Back.
    event.preventDefault()
    const target = document.getElementById(to)
    target?.focus({ preventScroll: true })
    target?.scrollIntoView()
  }
  return (
    <a href={href} onClick={skip} className="primary-button absolute -top-20 start-4 z-30 focus:fixed focus:top-4">
      {say.skip}
    </a>
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
