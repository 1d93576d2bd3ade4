import { useId } from 'react'

interface Props {
  label: string
  /** What it does, in one sentence. */
  hint?: string
  checked: boolean
  onChange: (checked: boolean) => void
}

export function CheckField({ label, hint, checked, onChange }: Props) {
  const id = useId()
  return (
    <div>
      <label className="flex min-h-9 cursor-pointer items-center gap-2.5 text-sm pointer-coarse:min-h-11">
        <input
          type="checkbox"
          className="check"
          checked={checked}
          {...(hint && { 'aria-describedby': id })}
          onChange={(event) => onChange(event.target.checked)}
        />
        {label}
      </label>
      {hint && (
        <p id={id} className="muted ms-7.5 pb-1.5 text-xs leading-relaxed">
          {hint}
        </p>
      )}
    </div>
  )
}
