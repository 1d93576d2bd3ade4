import { useCombobox, type UseComboboxState, type UseComboboxStateChangeOptions } from 'downshift'
import { FiClock, FiSearch } from 'react-icons/fi'

import { pictureAddress, pictureWidths } from '../../api/client'
import { useLanguage } from '../../i18n/language'
import { useSuggestions, type Suggested } from './use-suggestions'
import type { SearchFieldProps } from './search-field'

/** The search field as a combobox: earlier searches, completions and products. */
export function SuggestingField({ box, typed, onType, onSearch, onProduct, input }: SearchFieldProps) {
  const { say } = useLanguage()
  const { items, look } = useSuggestions(typed)
  const { isOpen, highlightedIndex, getInputProps, getMenuProps, getItemProps, closeMenu } = useCombobox<Suggested>({
    items,
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
  return (
    <div className="flex min-w-0 flex-1">
      <input
        {...getInputProps({
          ...input,
          ref: box,
          value: typed,
          'aria-expanded': open,
          // Straight away: a state that comes a moment later moves the cursor to the end.
          onChange: (event) => onType(event.currentTarget.value),
          onKeyDown: (event) => {
            // Enter on no suggestion searches for what was typed.
            const submits = event.key === 'Enter' && highlightedIndex < 0
            if (submits) closeMenu()
            if (submits || event.nativeEvent.isComposing)
              Object.assign(event.nativeEvent, { preventDownshiftDefault: true })
          },
        })}
      />
      <ul
        {...getMenuProps({ 'aria-label': say.suggestions })}
        className={open ? 'suggestions' : 'hidden'}
      >
        {open &&
          items.map((item, at) => (
            <li
              key={keyOf(item)}
              {...getItemProps({ item, index: at })}
              className={`suggestion ${at === highlightedIndex ? 'suggestion-active' : ''}`}
            >
              <Item item={item} />
            </li>
          ))}
      </ul>
    </div>
  )
}

const keyOf = (item: Suggested): string =>
  item.kind === 'product' ? `product ${item.product.product_id}` : `${item.kind} ${item.text}`

function Item({ item }: { item: Suggested }) {
  const { say } = useLanguage()
  if (item.kind === 'product') {
    const picture = pictureAddress(item.product.image_url)
    return (
      <>
        <span className="flex size-10 shrink-0 items-center justify-center overflow-hidden rounded-lg bg-stone-100 forced-color-adjust-none dark:bg-stone-200">
          {picture && <img src={picture} srcSet={pictureWidths(item.product.image_url)} sizes="2.5rem" alt="" width={40} height={40} className="size-full object-contain" />}
        </span>
        <span dir="auto" className="min-w-0 flex-1 truncate text-start">
          {item.product.title}
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
        {item.text}
      </span>
      <span className="muted text-xs">{say.suggestionKinds[item.kind]}</span>
    </>
  )
}

/** Leaving the box, or pressing Enter on nothing, chooses nothing; Escape closes and keeps what was typed. */
function stateReducer(
  state: UseComboboxState<Suggested>,
  { type, changes }: UseComboboxStateChangeOptions<Suggested>,
): Partial<UseComboboxState<Suggested>> {
  const kinds = useCombobox.stateChangeTypes
  const leaves = type === kinds.InputBlur || type === kinds.InputKeyDownEscape
  return leaves ? { ...changes, selectedItem: null, inputValue: state.inputValue } : changes
}
