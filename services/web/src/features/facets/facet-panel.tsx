import { Fragment } from 'react'

import type { Facets } from '../../api/client'
import { useLanguage } from '../../i18n/language'
import type { SearchSettings } from '../../lib/search-params'
import type { ChangeSettings } from '../../lib/use-search-settings'
import { choicesOf, toggled } from './choices'
import { FacetGroup } from './facet-group'
import { fieldName } from '../../i18n/field-name'
import { PriceRange } from './price-range'

const IN_STOCK = 'in_stock'
/** The fields that come first, with the price behind the first of them; those of the catalogue follow. */
const FIRST = ['category', 'color', 'brand']
/** Groups that are open at first; the others open when they are wanted. */
const OPEN = 4

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
  const names = new Set([...FIRST, ...Object.keys(facets?.fields ?? {}), ...Object.keys(filters)])
  names.delete(IN_STOCK)
  const groups = [...names]
    .map((field) => ({ field, chosen: filters[field] ?? [], choices: choicesOf(field, facets, filters[field] ?? []) }))
    .filter(({ chosen, choices }) => choices.length > 1 || chosen.length > 0)
  const priced = facets?.price || price.min !== null || price.max !== null
  const range = priced && (
    <PriceRange
      key="price"
      price={price}
      span={facets?.price}
      onChange={(next) => onChange({ price: next })}
    />
  )
  return (
    <div>
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
      {groups[0]?.field !== FIRST[0] && range}
      {groups.map(({ field, chosen, choices }, place) => (
        <Fragment key={field}>
          <FacetGroup
            name={fieldName(field, say)}
            choices={choices}
            chosen={chosen}
            colours={field === 'color'}
            open={place < OPEN || chosen.length > 0}
            onToggle={(value) => set(field, toggled(field, chosen, value))}
          />
          {field === FIRST[0] && range}
        </Fragment>
      ))}
    </div>
  )
}
