import { useCombobox, type UseComboboxState, type UseComboboxStateChangeOptions } from 'downshift'
import {
  Fragment,
  useImperativeHandle,
  useLayoutEffect,
  type ComponentProps,
  type KeyboardEvent,
  type Ref,
  type RefCallback,
  type RefObject,
} from 'react'
import { FiClock, FiSearch } from 'react-icons/fi'

import { pictureAddress, pictureWidths } from '../../api/client'
import { useLanguage } from '../../i18n/language'
import { useSuggestions, type Suggested } from './use-suggestions'

/** What the list makes of the field's events. */
export type FieldEvents = Pick<ComponentProps<'input'>, 'onChange' | 'onKeyDown' | 'onBlur' | 'onClick'>

interface Props {
  box: RefObject<HTMLInputElement | null>
  /** The field passes its events on to what stands here. */
  events: Ref<FieldEvents>
  typed: string
  onSearch: (query: string) => void
  onProduct: (id: string) => void
  /** `active` is the id of the suggestion that the keys have reached, or empty. */
  onMove: (open: boolean, active: string) => void
}

/** Earlier searches, completions and products below the search field, which is a combobox with it. */
export function SuggestionList({ box, events, typed, onSearch, onProduct, onMove }: Props) {
  const { say } = useLanguage()
  const { items, look } = useSuggestions(typed)
  const { isOpen, highlightedIndex, getInputProps, getMenuProps, getItemProps, closeMenu } = useCombobox<Suggested>({
    items,
    menuId: 'suggestions',
    inputValue: typed,
    // Nothing stays chosen: the choice is a search, and the box shows its words.
    selectedItem: null,
    itemToString: (item) => (item === null ? '' : item.kind === 'product' ? item.product.title : item.text),
    stateReducer,
    onSelectedItemChange: ({ selectedItem: item }) => {
      if (!item) return
      if (item.kind === 'product') onProduct(item.product.product_id)
      else onSearch(item.text)
    },
    onIsOpenChange: ({ isOpen: opened }) => {
      if (opened) look()
    },
  })
  const open = isOpen && items.length > 0
  const field = getInputProps({
    onKeyDown: (event: KeyboardEvent<HTMLInputElement>) => {
      // Enter on no suggestion searches for what was typed.
      const submits = event.key === 'Enter' && highlightedIndex < 0
      if (submits) closeMenu()
      if (submits || event.nativeEvent.isComposing) Object.assign(event.nativeEvent, { preventDownshiftDefault: true })
    },
  })
  const active = open ? field['aria-activedescendant'] : ''
  useImperativeHandle(events, () => field)
  useLayoutEffect(() => (field.ref as RefCallback<HTMLInputElement>)(box.current))
  useLayoutEffect(() => onMove(open, active), [open, active, onMove])
  return (
    <ul {...getMenuProps({ 'aria-label': say.suggestions })} className={open ? 'suggestions' : 'hidden'}>
      {open &&
        items.map((item, at) => (
          <li
            key={keyOf(item)}
            {...getItemProps({ item, index: at })}
            className={`suggestion ${at === highlightedIndex ? 'suggestion-active' : ''}`}
          >
            <Item item={item} typed={typed} />
          </li>
        ))}
    </ul>
  )
}

const keyOf = (item: Suggested): string =>
  item.kind === 'product' ? `product ${item.product.product_id}` : `${item.kind} ${item.text}`

function Item({ item, typed }: { item: Suggested; typed: string }) {
  const { say } = useLanguage()
  if (item.kind === 'product') {
    const picture = pictureAddress(item.product.image_url)
    return (
      <>
        <span className="flex size-10 shrink-0 items-center justify-center overflow-hidden rounded-lg bg-stone-100 forced-color-adjust-none dark:bg-stone-200">
          {picture && <img src={picture} srcSet={pictureWidths(item.product.image_url)} sizes="2.5rem" alt="" width={40} height={40} className="size-full object-contain" />}
        </span>
        <span dir="auto" className="min-w-0 flex-1 truncate text-start">
          <Marked text={item.product.title} typed={typed} />
        </span>
        <span className="muted text-xs">{say.suggestionKinds.product}</span>
      </>
    )
  }
  const Icon = item.kind === 'recent' ? FiClock : FiSearch
  return (
    <>
      <Icon aria-hidden className="muted mx-3 shrink-0" />
      <span dir="auto" className="min-w-0 flex-1 truncate text-start">
        <Marked text={item.text} typed={typed} />
      </span>
      <span className="muted text-xs">{say.suggestionKinds[item.kind]}</span>
    </>
  )
}

/** Marks are parts of a letter: Hindi's vowels, Arabic's signs. */
const WORDS = /([\p{L}\p{M}\p{N}]+)/u

/** What was typed stands out, wherever a word begins with it. Without a lookbehind, which Safari 16.3 does not know. */
function Marked({ text, typed }: { text: string; typed: string }) {
  const beginnings = wordsIn(typed.toLowerCase()).sort((a, b) => b.length - a.length)
  return text.split(WORDS).map((part, at) => {
    const begun = at % 2 ? beginnings.find((one) => part.toLowerCase().startsWith(one)) : undefined
    if (begun === undefined) return part
    return (
      <Fragment key={at}>
        <b>{part.slice(0, begun.length)}</b>
        {part.slice(begun.length)}
      </Fragment>
    )
  })
}

/** What the pattern captures stands at the odd places. */
const wordsIn = (text: string): string[] => text.split(WORDS).filter((_, at) => at % 2)

/** Leaving the box, or pressing Enter on nothing, chooses nothing; Escape closes and keeps what was typed. */
function stateReducer(
  state: UseComboboxState<Suggested>,
  { type, changes }: UseComboboxStateChangeOptions<Suggested>,
): Partial<UseComboboxState<Suggested>> {
  const kinds = useCombobox.stateChangeTypes
  const leaves = type === kinds.InputBlur || type === kinds.InputKeyDownEscape
  return leaves ? { ...changes, selectedItem: null, inputValue: state.inputValue } : changes
}
