import { SelectField } from '../../components/select-field'
import { useLanguage } from '../../i18n/language'
import { SORTS, type Sort } from '../../lib/search-params'

interface Props {
  sort: Sort
  /** True if there is a query that results can match better or worse. */
  relevance: boolean
  onChange: (sort: Sort) => void
}

export function SortSelect({ sort, relevance, onChange }: Props) {
  const { say } = useLanguage()
  return (
    <label className="flex min-w-0 items-center gap-2.5 text-sm">
      <span className="muted hidden shrink-0 sm:inline">{say.sort}</span>
      <SelectField
        value={sort}
        aria-label={say.sort}
        onChange={(event) => onChange(event.target.value as Sort)}
        className="field-sizing-content rounded-full!"
      >
        {SORTS.map((one) => (
          <option key={one} value={one}>
            {one === 'relevance' && !relevance ? say.sortCatalogue : say.sorts[one]}
          </option>
        ))}
      </SelectField>
    </label>
  )
}
