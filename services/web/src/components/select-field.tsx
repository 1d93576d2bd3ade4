import type { ComponentProps } from 'react'
import { FiChevronDown } from 'react-icons/fi'

/** A native select with an arrow in the page's own style. */
export function SelectField({ className = '', ...select }: ComponentProps<'select'>) {
  return (
    <span className="relative block min-w-0">
      <select {...select} className={`field cursor-pointer appearance-none truncate pe-9! ${className}`} />
      <FiChevronDown aria-hidden className="muted pointer-events-none absolute end-3 top-1/2 -translate-y-1/2" />
    </span>
  )
}
