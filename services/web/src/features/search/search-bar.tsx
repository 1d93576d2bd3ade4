import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { FiSearch, FiX } from 'react-icons/fi'

import { useLanguage } from '../../i18n/language'

interface Props {
  query: string
  onSearch: (query: string) => void
  /** Controls between the box and the button: the ways to add a picture. */
  children: ReactNode
}

/** The box. `/` anywhere on the page brings the cursor here; Enter searches. */
export function SearchBar({ query, onSearch, children }: Props) {
  const { say } = useLanguage()
  const [typed, setTyped] = useState(query)
  const [shown, setShown] = useState(query)
  const box = useRef<HTMLInputElement>(null)
  const composing = useRef(false)
  if (shown !== query) {
    // Back, forward, or an example changed the search: the box follows.
    setShown(query)
    setTyped(query)
  }
  useSlash(box)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    // Enter also chooses a word of an input method; some browsers submit the form with it.
    if (!composing.current) onSearch(typed.trim())
  }
  return (
    <form
      role="search"
      onSubmit={submit}
      className="flex items-center gap-0.5 print:hidden rounded-full border border-stone-300 bg-white p-1.5 ps-3 shadow-sm sm:ps-4 outline-brand-500 transition-shadow focus-within:shadow-md has-[input:focus-visible]:outline-3 has-[input:focus-visible]:outline-offset-2 dark:border-stone-700 dark:bg-stone-900"
    >
      <FiSearch aria-hidden className="muted hidden shrink-0 text-xl sm:block" />
      <input
        ref={box}
        type="search"
        enterKeyHint="search"
        autoComplete="off"
        autoCapitalize="off"
        maxLength={1000}
        dir="auto"
        aria-label={say.searchLabel}
        aria-keyshortcuts="/"
        placeholder={say.searchPlaceholder}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onCompositionStart={() => (composing.current = true)}
        onCompositionEnd={() => (composing.current = false)}
        className="min-w-0 flex-1 bg-transparent px-1 py-2.5 text-base outline-none placeholder:text-stone-500 sm:px-2 dark:placeholder:text-stone-400 [&::-webkit-search-cancel-button]:hidden"
      />
      {typed && (
        <button
          type="button"
          className="icon-button max-[24rem]:hidden!"
          aria-label={say.clear}
          title={say.clear}
          onClick={() => {
            setTyped('')
            box.current?.focus()
          }}
        >
          <FiX aria-hidden />
        </button>
      )}
      {children}
      <button type="submit" className="primary-button px-4! sm:px-6!" aria-label={say.search}>
        <FiSearch aria-hidden className="text-lg sm:hidden" />
        <span className="hidden sm:inline">{say.search}</span>
      </button>
    </form>
  )
}

/** `/` brings the cursor to the box, unless something is being typed. */
function useSlash(box: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const at = event.target
      const typing = at instanceof HTMLElement && at.matches('input, textarea, select, dialog[open] *')
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      box.current?.focus()
      box.current?.select()
    }
    window.addEventListener('keydown', focus)
    return () => window.removeEventListener('keydown', focus)
  }, [box])
}
