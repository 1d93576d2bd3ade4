import { useEffect, useId, useRef, useState, type ComponentProps, type FormEvent } from 'react'

import type { Facets } from '../../api/client'
import { currencySign, priceText } from '../../components/price'
import { useLanguage } from '../../i18n/language'
import type { SearchSettings } from '../../lib/search-params'
import { useSettled } from '../../lib/use-settled'
import { Group } from './facet-group'
import { fromPlace, stepsOf, toPlace } from './price-scale'

type Range = SearchSettings['price']

interface Props {
  price: Range
  span: Facets['price']
  onChange: (price: Range) => void
}

/** Between which prices: two thumbs, and two fields for exact figures. */
export function PriceRange({ price, span, onChange }: Props) {
  const { say, language } = useLanguage()
  const id = useId()
  const sign = currencySign(span?.currency, language)
  const [wrong, setWrong] = useState(false)
  const [shown, drag] = useSettled(price, (next) => {
    if (next.min !== price.min || next.max !== price.max) onChange(next)
  })
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
      <span className="muted">
        {label} {sign}
      </span>
      <Figure
        value={shown[name]}
        name={name}
        placeholder={hint === undefined ? '' : String(name === 'min' ? Math.floor(hint) : Math.ceil(hint))}
        aria-invalid={wrong}
        {...(wrong && { 'aria-describedby': `${id}-wrong` })}
      />
    </label>
  )
  return (
    <Group name={say.fields['price'] ?? ''} open chosen={Number(price.min !== null || price.max !== null)}>
      {span && span.max > span.min && <Thumbs price={shown} span={span} onChange={drag} />}
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
    </Group>
  )
}

/** When a thumb or the address says something else, what was typed and not applied is dropped. */
function Figure({ value, ...field }: Omit<ComponentProps<'input'>, 'value'> & { value: number | null }) {
  const box = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (box.current) box.current.value = String(value ?? '')
  }, [value])
  return (
    <input
      {...field}
      ref={box}
      type="number"
      inputMode="decimal"
      min={0}
      step="any"
      // The arrows would take the room of two digits.
      className="field mt-1 [appearance:textfield] px-2! tabular-nums [&::-webkit-inner-spin-button]:appearance-none"
    />
  )
}

interface ThumbsProps {
  price: Range
  span: NonNullable<Facets['price']>
  onChange: (price: Range) => void
}

/** Two native sliders on one track, so that keys, touch and screen readers work as everywhere. */
function Thumbs({ price, span, onChange }: ThumbsProps) {
  const { say, language } = useLanguage()
  const steps = stepsOf(span)
  const low = price.min === null ? 0 : toPlace(price.min, span)
  const high = price.max === null ? steps : toPlace(price.max, span)
  const thumb = (name: 'min' | 'max', label: string) => {
    const place = name === 'min' ? low : high
    return (
      <input
        type="range"
        aria-label={label}
        aria-valuetext={priceText(price[name] ?? span[name], span.currency ?? null, language)}
        min={0}
        max={steps}
        value={place}
        onChange={({ target }) => {
          // A thumb stops at the other one; at its end it limits nothing.
          const to = name === 'min' ? Math.min(target.valueAsNumber, high) : Math.max(target.valueAsNumber, low)
          const atEnd = name === 'min' ? to === 0 : to === steps
          onChange({ ...price, [name]: atEnd ? null : fromPlace(to, span) })
        }}
        className={`price-thumb ${name === 'min' && low > steps / 2 ? 'z-1' : ''}`}
      />
    )
  }
  return (
    <div className="relative mb-2 h-11">
      <div aria-hidden className="absolute inset-x-0 top-1/2 h-1 -translate-y-1/2 rounded-full bg-stone-300 forced-color-adjust-none dark:bg-stone-700">
        <div
          className="absolute h-full rounded-full bg-brand-600 dark:bg-brand-400"
          style={{ insetInlineStart: `${(100 * low) / steps}%`, insetInlineEnd: `${100 - (100 * high) / steps}%` }}
        />
      </div>
      {thumb('min', say.priceLeast)}
      {thumb('max', say.priceMost)}
    </div>
  )
}

function read(value: FormDataEntryValue | null): number | null {
  if (typeof value !== 'string' || value.trim() === '') return null
  const price = Number(value)
  return Number.isFinite(price) && price >= 0 ? price : null
}
