import { useCallback, useEffect, useRef, useState, type ComponentType, type FormEvent, type ReactNode } from 'react'
import { FiSearch, FiX } from 'react-icons/fi'

import { useLanguage } from '../../i18n/language'
import { whenIdle } from '../../lib/when-idle'
import type { SearchFieldProps } from './search-field'

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
  const [typed, setTyped] = useState(query)
  const [shown, setShown] = useState(query)
  const box = useRef<HTMLInputElement>(null)
  const composing = useRef(false)
  const resume = useRef<number | null>(null)
  const [Field, fetchField] = useField(() => {
    if (composing.current) return false
    const focused = box.current !== null && document.activeElement === box.current
    resume.current = focused ? (box.current?.selectionStart ?? 0) : null
    return true
  })
  if (shown !== query) {
    // Back, forward, or an example changed the search: the box follows.
    setShown(query)
    setTyped(query)
  }
  useSlash(box)
  const takeResume = useCallback(() => {
    const at = resume.current
    resume.current = null
    return at
  }, [])
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
      <Field
        box={box}
        typed={typed}
        onType={setTyped}
        onSearch={search}
        onProduct={onProduct}
        takeResume={takeResume}
        input={{
          type: 'search',
          enterKeyHint: 'search',
          autoComplete: 'off',
          autoCapitalize: 'off',
          maxLength: 1000,
          dir: 'auto',
          'aria-label': say.searchLabel,
          'aria-keyshortcuts': '/',
          placeholder: say.searchPlaceholder,
          onFocus: fetchField,
          onCompositionStart: () => (composing.current = true),
          onCompositionEnd: () => (composing.current = false),
          className:
            'h-11 min-w-0 flex-1 bg-transparent px-1 text-base text-ellipsis outline-none placeholder:text-stone-500 sm:px-2 dark:placeholder:text-stone-400 [&::-webkit-search-cancel-button]:hidden',
        }}
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
      <button type="submit" className="primary-button size-11 px-0! sm:w-auto sm:px-6!" aria-label={say.search}>
        <FiSearch aria-hidden className="text-lg sm:hidden" />
        <span className="hidden sm:inline">{say.search}</span>
      </button>
    </form>
  )
}

type Field = ComponentType<SearchFieldProps>

function PlainField({ box, typed, onType, input }: SearchFieldProps) {
  return (
    <input
      {...input}
      ref={box}
      role="combobox"
      aria-expanded={false}
      aria-controls="suggestions"
      aria-autocomplete="list"
      value={typed}
      onChange={(event) => onType(event.target.value)}
    />
  )
}

let fieldWithSuggestions: Field | null = null

/** A plain field until the one with suggestions has been fetched, and may take its place. */
function useField(mayChange: () => boolean): [Field, () => void] {
  const [field, setField] = useState<Field>(() => fieldWithSuggestions ?? PlainField)
  const latest = useRef(mayChange)
  useEffect(() => {
    latest.current = mayChange
  })
  const fetchField = useCallback(() => {
    import('./suggesting-field').then(
      ({ SuggestingField }) => {
        if (fieldWithSuggestions === SuggestingField) return
        if (!latest.current()) return
        fieldWithSuggestions = SuggestingField
        setField(() => SuggestingField)
      },
      // Suggestions are a help: without them one types on.
      () => undefined,
    )
  }, [])
  useEffect(() => whenIdle(fetchField), [fetchField])
  return [field, fetchField]
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
