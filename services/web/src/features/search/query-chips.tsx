import { useId, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { FiMinusCircle } from 'react-icons/fi'

import { pictureAddress, type Product } from '../../api/client'
import { getProduct } from '../../api/get-product'
import { Chip } from '../../components/chip'
import { useLanguage } from '../../i18n/language'
import { hasQuestion, MOST_WITHOUT, type SearchSettings } from '../../lib/search-params'
import { useAnswer } from '../../lib/use-answer'
import { useFocusKept } from '../../lib/use-focus-kept'
import type { ChangeSettings } from '../../lib/use-search-settings'

interface Props {
  settings: SearchSettings
  onChange: ChangeSettings
  /** The query picture, if there is one. */
  picture: ReactNode
  /** Content at the end of the row. */
  children: ReactNode
}

/** The parts of the query, each with a remove button, and a field for terms to exclude. */
export function QueryChips({ settings, onChange, picture, children }: Props) {
  const { say } = useLanguage()
  const { query, like, without } = settings
  // Words alone stand in the box already.
  const mixed = picture !== null || like.length > 0 || without.length > 0
  const row = useRef<HTMLDivElement>(null)
  useFocusKept(row, `${picture !== null} ${query !== ''} ${like.length} ${without.length}`)
  return (
    <div
      ref={row}
      tabIndex={-1}
      className="mt-2 flex flex-wrap items-center gap-x-1 gap-y-2 outline-none sm:flex-nowrap sm:items-start sm:gap-x-1.5"
    >
      <div className="contents sm:flex sm:min-w-0 sm:flex-1 sm:flex-wrap sm:items-center sm:gap-x-1.5 sm:gap-y-2">
        {mixed && (
          <ul aria-label={say.searchedWith} className="contents">
            {picture && <li className="max-w-full">{picture}</li>}
            {like.map((id) => (
              <li key={id} className="max-w-full">
                <LikeChip id={id} onRemove={() => onChange({ like: like.filter((one) => one !== id) })} />
              </li>
            ))}
            {query && (
              <li className="max-w-full">
                <Chip removeLabel={say.remove(say.termWords(query))} onRemove={() => onChange({ query: '' })}>
                  <span className="truncate">{say.termWords(query)}</span>
                </Chip>
              </li>
            )}
            {without.map((words) => (
              <li key={words} className="max-w-full">
                <Chip
                  removeLabel={say.remove(say.termWithout(words))}
                  onRemove={() => onChange({ without: without.filter((one) => one !== words) })}
                >
                  <FiMinusCircle aria-hidden className="shrink-0" />
                  <span className="truncate">{say.termWithout(words)}</span>
                </Chip>
              </li>
            ))}
          </ul>
        )}
        {hasQuestion(settings) && without.length < MOST_WITHOUT && (
          <WithoutForm onAdd={(words) => onChange({ without: [...new Set([...without, words])] })} />
        )}
      </div>
      <div className="ms-auto shrink-0">{children}</div>
    </div>
  )
}

/** The title of the product comes after its chip, which stands for it until then. */
function LikeChip({ id, onRemove }: { id: string; onRemove: () => void }) {
  const { say } = useLanguage()
  const [answer] = useAnswer<Product>(`product ${id}`, (signal) => getProduct(id, signal))
  const product = answer.state === 'done' ? answer.value : null
  const name = say.termLike(product?.title ?? id)
  const picture = pictureAddress(product?.image_url)
  return (
    <Chip removeLabel={say.remove(name)} onRemove={onRemove}>
      {picture && <img src={picture} alt="" className="-ms-2 size-8 shrink-0 rounded-full bg-stone-100 object-cover" />}
      <span className="max-w-64 truncate">{name}</span>
    </Chip>
  )
}

/** A button that becomes a field: most searches leave nothing out. */
function WithoutForm({ onAdd }: { onAdd: (words: string) => void }) {
  const { say } = useLanguage()
  const id = useId()
  const [open, setOpen] = useState(false)
  const [typed, setTyped] = useState('')
  const opener = useRef<HTMLButtonElement>(null)
  useFocusKept(opener, open)
  if (!open)
    return (
      <button ref={opener} type="button" className="text-button px-1.5 text-sm sm:px-3" onClick={() => setOpen(true)}>
        <FiMinusCircle aria-hidden /> {say.withoutAdd}
      </button>
    )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setOpen(false)
    setTyped('')
    if (typed.trim()) onAdd(typed.trim())
  }
  return (
    <form onSubmit={submit} className="flex items-center gap-2">
      <label htmlFor={id} className="sr-only">
        {say.withoutLabel}
      </label>
      <input
        id={id}
        // It was asked for just now, by the button that it takes the place of.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        value={typed}
        maxLength={200}
        dir="auto"
        placeholder={say.withoutPlaceholder}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setOpen(false)
        }}
        className="field w-44! rounded-full!"
      />
      <button type="submit" className="quiet-button text-sm">
        {say.add}
      </button>
    </form>
  )
}
