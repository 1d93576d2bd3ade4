import { useEffect, useRef, useState, type FormEvent } from 'react'
import { FiSearch, FiX } from 'react-icons/fi'

import { useLanguage } from '../../i18n/language'
import { PictureButtons } from '../picture/picture-buttons'

interface Props {
  query: string
  onSearch: (query: string) => void
  onPicture: (file: File) => void
}

/** The box. `/` anywhere on the page brings the cursor here; Enter searches. */
export function SearchBar({ query, onSearch, onPicture }: Props) {
  const { say } = useLanguage()
  const [typed, setTyped] = useState(query)
  const [shown, setShown] = useState(query)
  const box = useRef<HTMLInputElement>(null)
  if (shown !== query) {
    // Back, forward, or an example changed the search: the box follows.
    setShown(query)
    setTyped(query)
  }
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const at = event.target
      const typing = at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      box.current?.focus()
      box.current?.select()
    }
    window.addEventListener('keydown', focus)
    return () => window.removeEventListener('keydown', focus)
  }, [])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (typed.trim()) onSearch(typed.trim())
  }
  return (
    <form role="search" onSubmit={submit} className="panel flex items-center gap-1 rounded-full! p-1.5 ps-4 shadow-md outline-brand-500 has-[input:focus-visible]:outline-3 has-[input:focus-visible]:outline-offset-2">
      <FiSearch aria-hidden className="muted hidden shrink-0 text-xl sm:block" />
      <input
        ref={box}
        type="search"
        enterKeyHint="search"
        autoComplete="off"
        maxLength={1000}
        aria-label={say.searchLabel}
        placeholder={say.searchPlaceholder}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        className="min-w-0 flex-1 bg-transparent px-2 py-2.5 text-base outline-none placeholder:text-slate-500 dark:placeholder:text-slate-400 [&::-webkit-search-cancel-button]:hidden"
      />
      {typed && (
        <button
          type="button"
          className="icon-button size-10!"
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
      <PictureButtons onChoose={onPicture} />
      <button type="submit" className="primary-button" aria-label={say.search}>
        <FiSearch aria-hidden className="sm:hidden" />
        <span className="hidden sm:inline">{say.search}</span>
      </button>
    </form>
  )
}
