import type { Facets } from '../../api/client'

/** True if there is anything to filter by. */
export function hasChoices(facets: Facets | null): boolean {
  return facets !== null && (Boolean(facets.price) || Object.values(facets.fields).some((values) => values.length > 0))
}
