import { useId } from 'react'
import { FiSliders } from 'react-icons/fi'

import { useLanguage } from '../../i18n/language'
import { K_CHOICES, type SearchSettings } from '../../lib/search-params'

interface Props {
  settings: SearchSettings
  onChange: (part: Partial<SearchSettings>) => void
}

const STEP = 0.05

/** How many, how near, words against look, rewriting. Each control says what it does. */
export function SettingsPanel({ settings, onChange }: Props) {
  const { say } = useLanguage()
  const id = useId()
  const words = settings.words ?? 0.5
  return (
    <details className="group panel mt-3 px-4 open:pb-4">
      <summary className="flex min-h-11 cursor-pointer items-center gap-2 font-medium">
        <FiSliders aria-hidden /> {say.settings}
      </summary>
      <div className="grid gap-6 pt-2 sm:grid-cols-2 lg:grid-cols-4">
        <div>
          <label htmlFor={`${id}-k`} className="font-medium">
            {say.results}
          </label>
          <select
            id={`${id}-k`}
            value={settings.k}
            onChange={(event) => onChange({ k: Number(event.target.value) })}
            className="mt-2 block min-h-11 w-full rounded-lg border border-slate-400 bg-white px-3 dark:border-slate-600 dark:bg-slate-800"
          >
            {[...new Set([...K_CHOICES, settings.k])].sort((a, b) => a - b).map((k) => (
              <option key={k}>{k}</option>
            ))}
          </select>
        </div>
        <div>
          <label htmlFor={`${id}-threshold`} className="flex justify-between font-medium">
            {say.threshold}
            <output>{settings.threshold === null ? say.thresholdOff : settings.threshold.toFixed(2)}</output>
          </label>
          <input
            id={`${id}-threshold`}
            type="range"
            min={0}
            max={0.95}
            step={STEP}
            value={settings.threshold ?? 0}
            aria-describedby={`${id}-hint`}
            onChange={(event) => {
              const value = Number(event.target.value)
              onChange({ threshold: value === 0 ? null : value })
            }}
            className="mt-2 h-8 w-full accent-brand-600"
          />
          <p id={`${id}-hint`} className="muted text-xs">
            {say.thresholdHint}
          </p>
        </div>
        {!settings.picture && (
          <>
            <div>
              <label htmlFor={`${id}-words`} className="flex justify-between font-medium">
                {say.balance}
                <output className="text-sm font-normal">
                  {settings.words === null
                    ? say.balanceDefault
                    : `${Math.round(words * 100)} % ${say.words}, ${Math.round((1 - words) * 100)} % ${say.look}`}
                </output>
              </label>
              <input
                id={`${id}-words`}
                type="range"
                min={0}
                max={1}
                step={STEP}
                value={words}
                onChange={(event) => onChange({ words: Number(event.target.value) })}
                className="mt-2 h-8 w-full accent-brand-600"
              />
              <div className="muted flex justify-between text-xs">
                <span>{say.look}</span>
                {settings.words !== null && (
                  <button type="button" className="link" onClick={() => onChange({ words: null })}>
                    {say.balanceReset}
                  </button>
                )}
                <span>{say.words}</span>
              </div>
            </div>
            <label className="flex min-h-11 cursor-pointer items-center gap-3 self-start font-medium">
              <input
                type="checkbox"
                checked={settings.rewrite}
                onChange={(event) => onChange({ rewrite: event.target.checked })}
                className="size-5 accent-brand-600"
              />
              {say.rewriting}
            </label>
          </>
        )}
      </div>
    </details>
  )
}
