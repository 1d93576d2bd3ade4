import { useId } from 'react'
import { FiSliders } from 'react-icons/fi'

import { CheckField } from '../../components/check-field'
import { RangeField } from '../../components/range-field'
import { useLanguage } from '../../i18n/language'
import { DEFAULTS, K_CHOICES, type SearchSettings } from '../../lib/search-params'
import type { ChangeSettings } from '../../lib/use-search-settings'

interface Props {
  settings: SearchSettings
  onChange: ChangeSettings
}

const { k, threshold, words, lean, rewrite, weak, variants } = DEFAULTS
const USUAL = { k, threshold, words, lean, rewrite, weak, variants }

/** How many, how near, words against look, rewriting. Each control says what it does. */
export function SettingsPanel({ settings, onChange }: Props) {
  const { say } = useLanguage()
  const changed = Object.entries(USUAL).some(([name, usual]) => settings[name as keyof typeof USUAL] !== usual)
  const mixed = settings.query !== '' && (settings.picture !== null || settings.like.length > 0)
  return (
    <details className="panel group mt-3">
      <summary className="flex min-h-11 cursor-pointer list-none items-center gap-2.5 rounded-2xl px-4 text-sm font-medium [&::-webkit-details-marker]:hidden">
        <FiSliders aria-hidden /> {say.settings}
        {changed && <span aria-hidden className="size-2 rounded-full bg-brand-600 dark:bg-brand-400" />}
        <span aria-hidden className="muted ms-auto transition-transform group-open:rotate-180">
          ⌄
        </span>
      </summary>
      <div className="grid gap-x-10 gap-y-6 border-t border-stone-200 p-4 sm:grid-cols-2 sm:p-5 dark:border-stone-800">
        <Compare settings={settings} onChange={onChange} />
        <div className="space-y-5">
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
          {mixed && (
            <RangeField
              label={say.lean}
              text={(value) => say.leanValue(Math.round(value * 100))}
              hint={say.leanHint}
              value={settings.lean}
              min={0.1}
              max={0.9}
              step={0.1}
              onChange={(value) => onChange({ lean: value })}
            />
          )}
        </div>
        <HowMany value={settings.k} onChange={(value) => onChange({ k: value })} />
        <div>
          <CheckField label={say.rewriting} checked={settings.rewrite} onChange={(on) => onChange({ rewrite: on })} />
          <CheckField label={say.weak} checked={settings.weak} onChange={(on) => onChange({ weak: on })} />
          <CheckField label={say.variants} checked={settings.variants} onChange={(on) => onChange({ variants: on })} />
          {changed && (
            <button type="button" className="link mt-1 min-h-9 text-sm" onClick={() => onChange(USUAL)}>
              {say.settingsReset}
            </button>
          )}
        </div>
      </div>
    </details>
  )
}

/** Which of a product's two vectors count, and how much beside each other. One of them always does. */
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
      <select
        id={id}
        value={value}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(Number(event.target.value))}
        className="field mt-1.5"
      >
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
      <p id={`${id}-hint`} className="muted mt-1.5 text-xs">
        {say.resultsHint}
      </p>
    </div>
  )
}
