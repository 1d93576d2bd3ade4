import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type ComponentType,
  type FormEvent,
  type ReactNode,
  type RefObject,
} from 'react'
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
  const [Field, fetchField] = useField(box, composing)
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
      <Field
        box={box}
        typed={typed}
        onType={setTyped}
        onSearch={search}
        onProduct={onProduct}
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

/**
 * A plain field until the one with suggestions has been fetched. That takes its place, with its focus and
 * its cursor, but never while a word of an input method is being composed.
 */
function useField(box: RefObject<HTMLInputElement | null>, composing: RefObject<boolean>): [Field, () => void] {
  const [field, setField] = useState<Field>(() => fieldWithSuggestions ?? PlainField)
  const cursor = useRef<number | null>(null)
  const fetchField = useCallback(() => {
    import('./suggesting-field').then(
      ({ SuggestingField }) => {
        fieldWithSuggestions = SuggestingField
        if (composing.current) return
        const focused = box.current !== null && document.activeElement === box.current
        cursor.current = focused ? (box.current?.selectionStart ?? 0) : null
        setField(() => SuggestingField)
      },
      // Suggestions are a help: without them one types on.
      () => undefined,
    )
  }, [box, composing])
  useEffect(() => whenIdle(fetchField), [fetchField])
  useLayoutEffect(() => {
    const at = cursor.current
    if (at === null) return
    box.current?.focus({ preventScroll: true })
    box.current?.setSelectionRange(at, at)
  }, [box, field])
  return [field, fetchField]
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
