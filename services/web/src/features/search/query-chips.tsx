import { useId, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { FiMinusCircle } from 'react-icons/fi'

import { pictureAddress, pictureWidths, type Product, type SearchAnswer } from '../../api/client'
import { getProduct } from '../../api/get-product'
import { Chip } from '../../components/chip'
import { useLanguage } from '../../i18n/language'
import { countFilters, hasQuestion, type SearchSettings } from '../../lib/search-params'
import { useAnswer } from '../../lib/use-answer'
import { useComposing } from '../../lib/use-composing'
import { useFocusKept } from '../../lib/use-focus-kept'
import type { ChangeSettings } from '../../lib/use-search-settings'
import { useSettled } from '../../lib/use-settled'
import { UnderstoodChips } from './understood-chips'

interface Props {
  settings: SearchSettings
  /** The understood parts of the query, once they are known. */
  answer: Pick<SearchAnswer, 'understood' | 'corrected_query' | 'kept_category'> | null
  onChange: ChangeSettings
  /** The query picture, if there is one. */
  picture: ReactNode
  /** The filters that are on. */
  filters: ReactNode
  /** Content at the end of the row. */
  children: ReactNode
}

/** The parts of the query, each with a remove button, and a field for terms to exclude. One row on a phone. */
export function QueryChips({ settings, answer, onChange, picture, filters, children }: Props) {
  const { say } = useLanguage()
  const { query, like, unlike } = settings
  // Words alone stand in the box already.
  const mixed = Boolean(picture) || like.length > 0 || unlike.length > 0
  const row = useRef<HTMLDivElement>(null)
  useFocusKept(row, `${Boolean(picture)} ${query !== ''} ${like.length} ${unlike.length} ${answer?.understood?.length} ${Boolean(answer?.kept_category)} ${countFilters(settings)}`)
  return (
    <div ref={row} tabIndex={-1} className="chip-row mt-1 outline-none">
      {mixed && (
        <ul aria-label={say.searchedWith} className="contents">
          {picture && <li className="shrink-0">{picture}</li>}
          {like.map((id) => (
            <li key={id} className="chip-place">
              <ProductChip id={id} name={say.termLike} onRemove={() => onChange({ like: like.filter((one) => one !== id) })} />
            </li>
          ))}
          {query && (
            <li className="chip-place">
              <Chip removeLabel={say.remove(say.termWords(query))} onRemove={() => onChange({ query: '' })}>
                <span className="truncate">{say.termWords(query)}</span>
              </Chip>
            </li>
          )}
          {query && (Boolean(picture) || like.length > 0) && (
            <li className="shrink-0">
              <Balance lean={settings.lean} onChange={(lean) => onChange({ lean })} />
            </li>
          )}
          {unlike.map((id) => (
            <li key={id} className="chip-place">
              <ProductChip
                id={id}
                name={say.termUnlike}
                onRemove={() => onChange({ unlike: unlike.filter((one) => one !== id) })}
              />
            </li>
          ))}
        </ul>
      )}
      {answer && <UnderstoodChips query={query} answer={answer} onChange={onChange} />}
      {filters}
      {hasQuestion(settings) && (
        // The service reads it in the words: products that say it are left out.
        <WithoutForm onAdd={(words) => onChange({ query: `${query} ${say.withoutWords(words)}`.trim(), exact: false })} />
      )}
      <div className="shrink-0 sm:ms-auto">{children}</div>
    </div>
  )
}

const LEAST_LEAN = 0.1
const MOST_LEAN = 0.9

/** How much the picture counts beside the words. It is acted on once it stands still. */
function Balance({ lean, onChange }: { lean: number; onChange: (lean: number) => void }) {
  const { say } = useLanguage()
  const [shown, drag] = useSettled(lean, onChange)
  return (
    <label className="flex min-h-11 items-center gap-2 rounded-full border border-stone-300 bg-white px-3.5 text-sm dark:border-stone-700 dark:bg-stone-900">
      <span aria-hidden className="muted">
        {say.leanWords}
      </span>
      <input
        type="range"
        aria-label={say.lean}
        aria-valuetext={say.leanValue(Math.round(shown * 100))}
        min={LEAST_LEAN}
        max={MOST_LEAN}
        step={0.1}
        value={shown}
        onChange={(event) => drag(event.target.valueAsNumber)}
        className="h-11 w-24 cursor-pointer"
      />
      <span aria-hidden className="muted">
        {say.leanPicture}
      </span>
    </label>
  )
}

interface ProductChipProps {
  id: string
  name: (title: string) => string
  onRemove: () => void
}

/** The title of the product comes after its chip; its id stands for it until then. */
function ProductChip({ id, name: nameOf, onRemove }: ProductChipProps) {
  const { say } = useLanguage()
  const [answer] = useAnswer<Product>(`product ${id}`, (signal) => getProduct(id, signal))
  const product = answer.state === 'done' ? answer.value : null
  const name = nameOf(product?.title ?? id)
  const picture = pictureAddress(product?.image_url)
  return (
    <Chip removeLabel={say.remove(name)} onRemove={onRemove}>
      {picture && <img src={picture} srcSet={pictureWidths(product?.image_url)} sizes="2rem" alt="" className="-ms-2 size-8 shrink-0 rounded-full bg-stone-100 object-cover" />}
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
  const [composing, composition] = useComposing()
  useFocusKept(opener, open)
  if (!open)
    return (
      <button ref={opener} type="button" className="text-button shrink-0 px-2 text-sm whitespace-nowrap sm:px-3" onClick={() => setOpen(true)}>
        <FiMinusCircle aria-hidden /> {say.withoutAdd}
      </button>
    )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    // Enter also chooses a word of an input method.
    if (composing.current) return
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
        {...composition}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && !composing.current) setOpen(false)
        }}
        className="field w-44! rounded-full!"
      />
      <button type="submit" className="quiet-button text-sm">
        {say.add}
      </button>
    </form>
  )
}
