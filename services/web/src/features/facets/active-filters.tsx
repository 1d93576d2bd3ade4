import { Chip } from '../../components/chip'
import { priceText } from '../../components/price'
import { useLanguage } from '../../i18n/language'
import { countFilters, NO_FILTERS, type SearchSettings } from '../../lib/search-params'
import type { ChangeSettings } from '../../lib/use-search-settings'
import { fieldName } from '../../i18n/field-name'

interface Props {
  settings: SearchSettings
  /** That of the prices found; null if it is not known. */
  currency: string | null
  onChange: ChangeSettings
}

/** €10, and €10.50. */
const WHOLE_WITHOUT_CENTS = { trailingZeroDisplay: 'stripIfInteger' } as const

/** The filters that are on, each with its full name and a way to take it off. */
export function ActiveFilters({ settings, currency, onChange }: Props) {
  const { say, language } = useLanguage()
  if (countFilters(settings) === 0) return null
  const { filters, inStock, price } = settings
  const without = (field: string, value: string) => {
    const values = (filters[field] ?? []).filter((one) => one !== value)
    const { [field]: _before, ...others } = filters
    onChange({ filters: values.length > 0 ? { ...others, [field]: values } : others })
  }
  const figure = (value: number | null) => value === null ? null : priceText(value, currency, language, WHOLE_WITHOUT_CENTS)
  const range = say.priceRange(figure(price.min), figure(price.max))
  const priced = price.min !== null || price.max !== null
  return (
    <ul aria-label={say.activeFilters} className="contents">
      {Object.entries(filters).flatMap(([field, values]) =>
        values.map((value) => (
          <li key={`${field} ${value}`} className="chip-place">
            <Chip
              removeLabel={say.removeFilter(fieldName(field, say), value)}
              onRemove={() => without(field, value)}
            >
              <span className="muted">{fieldName(field, say)}</span>
              <span className="truncate font-medium">{value}</span>
            </Chip>
          </li>
        )),
      )}
      {inStock && (
        <li className="shrink-0">
          <Chip removeLabel={say.remove(say.inStock)} onRemove={() => onChange({ inStock: false })}>
            {say.inStock}
          </Chip>
        </li>
      )}
      {priced && (
        <li className="shrink-0">
          <Chip
            removeLabel={say.removeFilter(fieldName('price', say), range)}
            onRemove={() => onChange({ price: NO_FILTERS.price })}
          >
            <span className="muted">{fieldName('price', say)}</span>
            <span className="font-medium">{range}</span>
          </Chip>
        </li>
      )}
      <li className="shrink-0">
        <button type="button" className="link min-h-11 px-1 text-sm whitespace-nowrap" onClick={() => onChange(NO_FILTERS)}>
          {say.filtersClear}
        </button>
      </li>
    </ul>
  )
}
