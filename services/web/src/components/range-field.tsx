import { useId, type ReactNode } from 'react'

import { useSettled } from '../lib/use-settled'

interface Props {
  label: string
  /** The value in words; of one being dragged too. */
  text: (value: number) => string
  hint?: ReactNode
  value: number
  min: number
  max: number
  step: number
  onChange: (value: number) => void
}

/** A labelled slider that says its value, explains itself, and waits until it stands still. */
export function RangeField({ label, text, hint, value, min, max, step, onChange }: Props) {
  const id = useId()
  const [shown, drag] = useSettled(value, onChange)
  return (
    <div>
      <div className="flex items-baseline justify-between gap-3 text-sm">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        <span aria-hidden className="muted shrink-0 tabular-nums">
          {text(shown)}
        </span>
      </div>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={shown}
        aria-valuetext={text(shown)}
        {...(hint ? { 'aria-describedby': `${id}-hint` } : {})}
        onChange={(event) => drag(event.target.valueAsNumber)}
        className="mt-1 h-8 w-full cursor-pointer"
      />
      {hint && (
        <div id={`${id}-hint`} className="muted text-xs leading-relaxed">
          {hint}
        </div>
      )}
    </div>
  )
}
