import type { ReactNode } from 'react'
import { FiX } from 'react-icons/fi'

interface Props {
  /** The remove button's text for screen readers. */
  removeLabel: string
  onRemove: () => void
  children: ReactNode
}

/** Something that is on, with the way to turn it off. */
export function Chip({ removeLabel, onRemove, children }: Props) {
  return (
    <span className="inline-flex max-w-full min-w-0 items-center rounded-full border border-stone-300 bg-white ps-3.5 text-sm dark:border-stone-700 dark:bg-stone-900">
      <span dir="auto" className="flex min-w-0 items-center gap-2 truncate">
        {children}
      </span>
      <button
        type="button"
        className="icon-button ms-0.5 size-11! text-base!"
        aria-label={removeLabel}
        title={removeLabel}
        onClick={onRemove}
      >
        <FiX aria-hidden />
      </button>
    </span>
  )
}
