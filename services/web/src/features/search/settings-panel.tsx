import { useId } from 'react'

import { CheckField } from '../../components/check-field'
import { RangeField } from '../../components/range-field'
import { SelectField } from '../../components/select-field'
import { useLanguage } from '../../i18n/language'
import { K_CHOICES, type SearchSettings } from '../../lib/search-params'
import type { ChangeSettings } from '../../lib/use-search-settings'
import { isUnusual, USUAL_SETTINGS } from './usual-settings'

interface Props {
  settings: SearchSettings
  onChange: ChangeSettings
}

/** Settings: number of results, cut-off, weights of words and images, rewriting. */
export function SettingsPanel({ settings, onChange }: Props) {
  const { say } = useLanguage()
  const changed = isUnusual(settings)
  return (
    <section aria-label={say.settings} className="panel mt-3 grid gap-x-10 gap-y-6 p-4 sm:grid-cols-2 sm:p-6">
      <div className="space-y-6">
        <Compare settings={settings} onChange={onChange} />
        <HowMany value={settings.k} onChange={(value) => onChange({ k: value })} />
      </div>
      <div className="space-y-6">
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
        <div>
          <CheckField label={say.rewriting} checked={settings.rewrite} onChange={(on) => onChange({ rewrite: on })} />
          <CheckField label={say.weak} checked={settings.weak} onChange={(on) => onChange({ weak: on })} />
          <CheckField label={say.variants} checked={settings.variants} onChange={(on) => onChange({ variants: on })} />
          {changed && (
            <button type="button" className="link mt-1 min-h-9 text-sm" onClick={() => onChange(USUAL_SETTINGS)}>
              {say.settingsReset}
            </button>
          )}
        </div>
      </div>
    </section>
  )
}

/** Weights of a product's two vectors. At least one of them counts. */
function Compare({ settings, onChange }: Props) {
  const { say } = useLanguage()
  const byWords = settings.words !== 0
  const byLook = settings.words !== 1
  return (
    <fieldset>
      <legend className="text-sm font-medium">{say.compare}</legend>
      <div className="mt-1 flex flex-wrap gap-x-6">
        <CheckField
          label={say.compareWords}
          checked={byWords}
          onChange={(on) => onChange({ words: on ? null : 0 })}
        />
        <CheckField
          label={say.compareLook}
          checked={byLook}
          onChange={(on) => onChange({ words: on ? null : 1 })}
        />
      </div>
      {byWords && byLook && (
        <div className="mt-2">
          <RangeField
            label={say.balance}
            text={(value) =>
              settings.words === null && value === 0.5 ? say.balanceDefault : say.percent(Math.round(value * 100))
            }
            value={settings.words ?? 0.5}
            min={0.05}
            max={0.95}
            step={0.05}
            onChange={(value) => onChange({ words: value })}
          />
        </div>
      )}
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
