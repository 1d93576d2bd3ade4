import type { Facets } from '../../api/client'
import { useLanguage } from '../../i18n/language'
import type { SearchSettings } from '../../lib/search-params'
import type { ChangeSettings } from '../../lib/use-search-settings'
import { choicesOf, toggled } from './choices'
import { FacetGroup } from './facet-group'
import { fieldName } from '../../i18n/field-name'
import { PriceRange } from './price-range'

const IN_STOCK = 'in_stock'
/** The fields that come first; those that the catalogue adds follow. */
const FIRST = ['category', 'color', 'brand']

interface Props {
  facets: Facets | null
  settings: SearchSettings
  onChange: ChangeSettings
}

/** Everything that results can be filtered by, as far as products found have it. */
export function FacetPanel({ facets, settings, onChange }: Props) {
  const { say } = useLanguage()
  const { filters, inStock, price } = settings
  const set = (field: string, values: string[]) => {
    const { [field]: _before, ...others } = filters
    onChange({ filters: values.length > 0 ? { ...others, [field]: values } : others })
  }
  const fields = new Set([...FIRST, ...Object.keys(facets?.fields ?? {}), ...Object.keys(filters)])
  fields.delete(IN_STOCK)
  return (
    <div className="space-y-7">
      {(inStock || (facets?.fields[IN_STOCK]?.length ?? 0) > 0) && (
        <label className="flex min-h-11 cursor-pointer items-center gap-2.5 text-sm font-medium">
          <input
            type="checkbox"
            className="check"
            checked={inStock}
            onChange={(event) => onChange({ inStock: event.target.checked })}
          />
          {say.inStock}
        </label>
      )}
      {[...fields].map((field) => {
        const chosen = filters[field] ?? []
        const choices = choicesOf(field, facets, chosen)
        if (choices.length < 2 && chosen.length === 0) return null
        return (
          <FacetGroup
            key={field}
            name={fieldName(field, say)}
            choices={choices}
            chosen={chosen}
            colours={field === 'color'}
            onToggle={(value) => set(field, toggled(field, chosen, value))}
          />
        )
      })}
      {(facets?.price || price.min !== null || price.max !== null) && (
        <PriceRange price={price} span={facets?.price} onChange={(range) => onChange({ price: range })} />
      )}
    </div>
  )
}
