import { SelectField } from '../../components/select-field'
import { useLanguage } from '../../i18n/language'
import { SORTS, type Sort } from '../../lib/search-params'

export function SortSelect({ sort, onChange }: { sort: Sort; onChange: (sort: Sort) => void }) {
  const { say } = useLanguage()
  return (
    <label className="flex min-w-0 items-center gap-2.5 text-sm">
      <span className="muted hidden shrink-0 sm:inline">{say.sort}</span>
      <SelectField
        value={sort}
        aria-label={say.sort}
        onChange={(event) => onChange(event.target.value as Sort)}
        className="rounded-full!"
      >
        {SORTS.map((one) => (
          <option key={one} value={one}>
            {say.sorts[one]}
          </option>
        ))}
      </SelectField>
    </label>
  )
}
