import type { Messages } from './english'

/** A field of the catalogue as a person reads it: `age_group` is “Age group” where no language knows it. */
export function fieldName(field: string, say: Messages): string {
  const known = say.fields[field]
  if (known !== undefined) return known
  const words = field.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
