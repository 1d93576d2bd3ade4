import { useState } from 'react'

import { useLanguage } from '../../i18n/language'
import type { Choice } from './choices'

const SHOWN = 6

interface Props {
  name: string
  choices: Choice[]
  chosen: readonly string[]
  /** True if the values are colours, which are shown as such if the browser knows them. */
  colours?: boolean
  onToggle: (value: string) => void
}

/** The values of one field, with how many products have each. */
export function FacetGroup({ name, choices, chosen, colours = false, onToggle }: Props) {
  const { say } = useLanguage()
  const [all, setAll] = useState(false)
  // One that is chosen is never hidden behind "show all".
  const shown = all ? choices : choices.filter(({ value }, place) => place < SHOWN || chosen.includes(value))
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 font-semibold">{name}</legend>
      <ul>
        {shown.map(({ value, label, count, depth }) => (
          <li key={value} style={{ paddingInlineStart: `${depth}rem` }}>
            <label className="-mx-2 flex min-h-9 cursor-pointer items-center gap-2.5 rounded-lg px-2 text-sm hover:bg-stone-200/60 pointer-coarse:min-h-11 dark:hover:bg-stone-800">
              <input type="checkbox" className="check" checked={chosen.includes(value)} onChange={() => onToggle(value)} />
              {colours && <Swatch colour={value} />}
              <span className="min-w-0 flex-1 wrap-anywhere">
                <bdi>{label}</bdi>
              </span>{' '}
              <span className="muted tabular-nums">{count}</span>
            </label>
          </li>
        ))}
      </ul>
      {choices.length > SHOWN && (
        <button type="button" className="link min-h-9 text-sm" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? say.showFewer : say.showAll(choices.length)}
        </button>
      )}
    </fieldset>
  )
}

function Swatch({ colour }: { colour: string }) {
  // jsdom and old browsers have no CSS.supports; a colour that is unknown has no dot.
  if (typeof CSS === 'undefined' || !CSS.supports('color', colour.toLowerCase())) return null
  return (
    <span
      aria-hidden
      className="size-4 shrink-0 rounded-full border border-stone-400/60 forced-color-adjust-none"
      style={{ backgroundColor: colour.toLowerCase() }}
    />
  )
}
