import type { ComponentProps, RefObject } from 'react'

/** What both kinds of search field need: the plain one, and the one with suggestions. */
export interface SearchFieldProps {
  box: RefObject<HTMLInputElement | null>
  typed: string
  onType: (typed: string) => void
  onSearch: (query: string) => void
  onProduct: (id: string) => void
  /** Whatever else the input has. */
  input: ComponentProps<'input'>
}
