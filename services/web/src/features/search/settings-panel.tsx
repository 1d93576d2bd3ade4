import { useId, useState } from 'react'
import { FiChevronDown } from 'react-icons/fi'

import { CheckField } from '../../components/check-field'
import { RangeField } from '../../components/range-field'
import { SelectField } from '../../components/select-field'
import { useLanguage } from '../../i18n/language'
import { K_CHOICES, type SearchSettings } from '../../lib/search-params'
import type { ChangeSettings } from '../../lib/use-search-settings'
import { hasAdvanced, isUnusual, USUAL_SETTINGS } from './usual-settings'

interface Props {
  settings: SearchSettings
  onChange: ChangeSettings
}

/** Settings in a shopper's words; those of the API, under their own names, under "Advanced". */
export function SettingsPanel({ settings, onChange }: Props) {
  const { say } = useLanguage()
  const check = (name: 'weak' | 'rewrite' | 'variants', label: string, hint: string) => (
    <CheckField label={label} hint={hint} checked={settings[name]} onChange={(on) => onChange({ [name]: on })} />
  )
  return (
    <section aria-label={say.settings} className="panel mt-3 p-4 sm:p-6 print:hidden">
      <div className="grid gap-x-10 gap-y-4 sm:grid-cols-2">
        <div>
          {check('weak', say.weak, say.weakHint)}
          {check('variants', say.variants, say.variantsHint)}
        </div>
        <div>
          <Compare settings={settings} onChange={onChange} />
          {check('rewrite', say.rewriting, say.rewritingHint)}
        </div>
      </div>
      <Advanced settings={settings} onChange={onChange} />
      {isUnusual(settings) && (
        <button type="button" className="link mt-2 min-h-9 text-sm" onClick={() => onChange(USUAL_SETTINGS)}>
          {say.settingsReset}
        </button>
      )}
    </section>
  )
}

/** It is open at first if one of its settings is not as usual. */
function Advanced({ settings, onChange }: Props) {
  const { say } = useLanguage()
  const [open] = useState(() => hasAdvanced(settings))
  return (
    <details open={open} className="group/part mt-3 border-t border-stone-200 dark:border-stone-800">
      <summary className="flex min-h-11 w-fit cursor-pointer list-none items-center gap-2 rounded-lg text-sm font-medium [&::-webkit-details-marker]:hidden">
        {say.advanced}
        <FiChevronDown aria-hidden className="muted transition-transform group-open/part:rotate-180" />
      </summary>
      <div className="grid gap-x-10 gap-y-6 pt-2 sm:grid-cols-2">
        <HowMany value={settings.k} onChange={(value) => onChange({ k: value })} />
        <RangeField
          label={say.threshold}
          text={(value) => (value === 0 ? say.thresholdOff : value.toFixed(2))}
          hint={say.thresholdHint}
          value={settings.threshold ?? 0}
          min={0}
          max={0.95}
          step={0.05}
          onChange={(value) => onChange({ threshold: value === 0 ? null : value })}
        />
        {settings.words !== 0 && settings.words !== 1 && (
          <RangeField
            label={say.balance}
            text={(value) =>
              settings.words === null && value === 0.5 ? say.balanceDefault : say.percent(Math.round(value * 100))
            }
            hint={say.balanceHint}
            value={settings.words ?? 0.5}
            min={0.05}
            max={0.95}
            step={0.05}
            onChange={(value) => onChange({ words: value })}
          />
        )}
      </div>
    </details>
  )
}

/** What of a product is compared with the search. At least one of the two counts. */
function Compare({ settings, onChange }: Props) {
  const { say } = useLanguage()
  return (
    <fieldset>
      <legend className="pt-2 text-sm font-medium">{say.compare}</legend>
      <div className="mt-1 flex flex-wrap gap-x-6">
        <CheckField
          label={say.compareWords}
          checked={settings.words !== 0}
          onChange={(on) => onChange({ words: on ? null : 0 })}
        />
        <CheckField
          label={say.compareLook}
          checked={settings.words !== 1}
          onChange={(on) => onChange({ words: on ? null : 1 })}
        />
      </div>
    </fieldset>
  )
}

function HowMany({ value, onChange }: { value: number; onChange: (k: number) => void }) {
  const { say } = useLanguage()
  const id = useId()
  const choices = [...new Set([...K_CHOICES, value])].sort((a, b) => a - b)
  return (
    <div>
      <label htmlFor={id} className="text-sm font-medium">
        {say.results}
      </label>
      <SelectField
        id={id}
        value={value}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(Number(event.target.value))}
        className="mt-1.5"
      >
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </SelectField>
      <p id={`${id}-hint`} className="muted mt-1.5 text-xs">
        {say.resultsHint}
      </p>
    </div>
  )
}
