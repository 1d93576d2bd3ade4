import { useState, type ReactNode } from 'react'
import { FiChevronDown } from 'react-icons/fi'

import { MOST_VALUES } from '../../api/search'
import { Swatch } from '../../components/swatch'
import { useLanguage } from '../../i18n/language'
import type { Choice } from './choices'

const SHOWN = 6
/** A list of more values has a field to find one in it. */
const LONG = 20

interface Props {
  name: string
  choices: Choice[]
  chosen: readonly string[]
  /** True if the values are colours, which are shown as such. */
  colours?: boolean
  /** True if the group is open when it first appears. */
  open: boolean
  onToggle: (value: string) => void
}

/** The values of one field, with how many products have each. */
export function FacetGroup({ name, choices, chosen, colours = false, open, onToggle }: Props) {
  const { say } = useLanguage()
  const [all, setAll] = useState(false)
  const [typed, setTyped] = useState('')
  const finding = all && choices.length > LONG
  const part = finding ? typed.trim().toLowerCase() : ''
  const shown = all
    ? choices.filter(({ value }) => value.toLowerCase().includes(part))
    : // One that is chosen is never hidden behind "show all".
      choices.filter(({ value }, place) => place < SHOWN || chosen.includes(value))
  return (
    <Group name={name} open={open} chosen={chosen.length}>
      {finding && (
        <input
          type="search"
          aria-label={say.findIn(name)}
          placeholder={say.findIn(name)}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          className="field mb-1"
        />
      )}
      {shown.length === 0 && (
        <p role="status" className="muted py-2 text-sm">
          {say.findNone}
        </p>
      )}
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
        <button
          type="button"
          className="link min-h-9 text-sm pointer-coarse:min-h-11"
          aria-expanded={all}
          onClick={() => setAll(!all)}
        >
          {all ? say.showFewer : choices.length < MOST_VALUES ? say.showAll(choices.length) : say.showMost(MOST_VALUES)}
        </button>
      )}
    </Group>
  )
}

interface GroupProps {
  name: string
  open: boolean
  /** Number of values that are on: they stay known while the group is closed. */
  chosen: number
  children: ReactNode
}

/** A part of the filters with its name, to open and close. */
export function Group({ name, open, chosen, children }: GroupProps) {
  const { say } = useLanguage()
  return (
    <details open={open} className="group/part border-b border-stone-200 py-1 last:border-0 dark:border-stone-800">
      <summary className="flex min-h-11 cursor-pointer list-none items-center gap-2 rounded-lg font-semibold [&::-webkit-details-marker]:hidden">
        <span className="flex-1">{name}</span>
        {chosen > 0 && (
          <span className="rounded-full bg-brand-700 px-2 text-xs font-semibold text-white tabular-nums">
            {chosen} <span className="sr-only">{say.filtersOn}</span>
          </span>
        )}
        <FiChevronDown aria-hidden className="muted transition-transform group-open/part:rotate-180" />
      </summary>
      <fieldset className="min-w-0 pb-3">
        <legend className="sr-only">{name}</legend>
        {children}
      </fieldset>
    </details>
  )
}
