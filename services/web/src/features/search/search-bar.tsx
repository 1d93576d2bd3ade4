import { useCallback, useEffect, useRef, useState, type FormEvent, type ReactNode, type RefObject } from 'react'
import { FiSearch, FiX } from 'react-icons/fi'

import { useLanguage } from '../../i18n/language'
import { useComposing } from '../../lib/use-composing'
import { useWide } from '../../lib/use-wide'
import { whenIdle } from '../../lib/when-idle'
import type { FieldEvents, SuggestionList } from './suggestion-list'

interface Props {
  query: string
  onSearch: (query: string) => void
  /** Opens a product that was suggested. */
  onProduct: (id: string) => void
  /** The way to add a picture. */
  children: ReactNode
}

/** The box. `/` anywhere on the page brings the cursor here; Enter searches. */
export function SearchBar({ query, onSearch, onProduct, children }: Props) {
  const { say } = useLanguage()
  const wide = useWide()
  const [typed, setTyped] = useState(query)
  const [shown, setShown] = useState(query)
  const box = useRef<HTMLInputElement>(null)
  const [composing, composition] = useComposing()
  const [List, fetchList] = useSuggestionList()
  const events = useRef<FieldEvents>(null)
  const [list, setList] = useState({ open: false, active: '' })
  const move = useCallback((open: boolean, active: string) => setList({ open, active }), [])
  if (shown !== query) {
    // Back, forward, or an example changed the search: the box follows.
    setShown(query)
    setTyped(query)
  }
  useSlash(box)
  const search = (words: string) => {
    setTyped(words)
    onSearch(words)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    // Enter also chooses a word of an input method; some browsers submit the form with it.
    if (!composing.current) search(typed.trim())
  }
  return (
    <form role="search" onSubmit={submit} className="search-box">
      <div className="flex min-w-0 flex-1">
        <input
          ref={box}
          type="search"
          role="combobox"
          enterKeyHint="search"
          autoComplete="off"
          autoCapitalize="off"
          maxLength={1000}
          dir="auto"
          aria-label={say.searchLabel}
          aria-keyshortcuts="/"
          aria-autocomplete="list"
          aria-controls="suggestions"
          aria-expanded={list.open}
          aria-activedescendant={list.active}
          placeholder={wide ? say.searchPlaceholder : say.searchShort}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value)
            events.current?.onChange?.(event)
          }}
          onKeyDown={(event) => events.current?.onKeyDown?.(event)}
          onClick={(event) => events.current?.onClick?.(event)}
          onBlur={(event) => events.current?.onBlur?.(event)}
          onFocus={fetchList}
          {...composition}
          className="h-11 min-w-0 flex-1 bg-transparent px-1 text-base text-ellipsis outline-none placeholder:text-stone-500 sm:px-2 dark:placeholder:text-stone-400 [&::-webkit-search-cancel-button]:hidden"
        />
        {List && (
          <List
            box={box}
            events={events}
            typed={typed}
            onSearch={search}
            onProduct={onProduct}
            onMove={move}
          />
        )}
      </div>
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
      <button type="submit" className="primary-button size-11 px-0! sm:w-auto sm:px-6!" aria-label={say.search}>
        <FiSearch aria-hidden className="text-lg sm:hidden" />
        <span className="hidden sm:inline">{say.search}</span>
      </button>
    </form>
  )
}

type List = typeof SuggestionList

let fetched: List | null = null

/**
 * The list of suggestions, once it has been fetched. The field is the same element before and after, so
 * that nothing is lost that is typed meanwhile.
 */
function useSuggestionList(): [List | null, () => void] {
  const [list, setList] = useState<List | null>(() => fetched)
  const fetchList = useCallback(() => {
    import('./suggestion-list').then(
      (part) => {
        fetched = part.SuggestionList
        setList(() => part.SuggestionList)
      },
      // Suggestions are a help: without them one types on.
      () => undefined,
    )
  }, [])
  useEffect(() => whenIdle(fetchList), [fetchList])
  return [list, fetchList]
}

/** `/` brings the cursor to the box, unless something is being typed. */
function useSlash(box: RefObject<HTMLInputElement | null>): void {
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
