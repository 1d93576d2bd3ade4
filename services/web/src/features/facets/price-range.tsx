import { useId, useState, type FormEvent } from 'react'

import type { Facets } from '../../api/client'
import { useLanguage } from '../../i18n/language'
import type { SearchSettings } from '../../lib/search-params'

interface Props {
  price: SearchSettings['price']
  span: Facets['price']
  onChange: (price: SearchSettings['price']) => void
}

/** Between which prices; the fields hint at the lowest and the highest found. */
export function PriceRange({ price, span, onChange }: Props) {
  const { say } = useLanguage()
  const id = useId()
  const [wrong, setWrong] = useState(false)
  const apply = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const [min, max] = [read(form.get('min')), read(form.get('max'))]
    const crossed = min !== null && max !== null && min > max
    setWrong(crossed)
    if (!crossed && (min !== price.min || max !== price.max)) onChange({ min, max })
  }
  const field = (name: 'min' | 'max', label: string, hint: number | undefined) => (
    <label className="min-w-0 flex-1 text-xs">
      <span className="muted">{label}</span>
      <input
        // A new field when the address says something else: what was typed and not applied is dropped.
        key={price[name]}
        name={name}
        type="number"
        inputMode="decimal"
        min={0}
        step="any"
        defaultValue={price[name] ?? ''}
        placeholder={hint === undefined ? '' : String(name === 'min' ? Math.floor(hint) : Math.ceil(hint))}
        aria-invalid={wrong}
        {...(wrong && { 'aria-describedby': `${id}-wrong` })}
        className="field mt-1 tabular-nums"
      />
    </label>
  )
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 font-semibold">{say.fields['price']}</legend>
      <form onSubmit={apply} noValidate className="flex items-end gap-2">
        {field('min', say.priceFrom, span?.min)}
        {field('max', say.priceTo, span?.max)}
        <button type="submit" className="quiet-button px-3! text-sm">
          {say.priceApply}
        </button>
      </form>
      {wrong && (
        <p id={`${id}-wrong`} role="alert" className="error-text mt-2">
          {say.priceLow}
        </p>
      )}
    </fieldset>
  )
}

function read(value: FormDataEntryValue | null): number | null {
  if (typeof value !== 'string' || value.trim() === '') return null
  const price = Number(value)
  return Number.isFinite(price) && price >= 0 ? price : null
}
