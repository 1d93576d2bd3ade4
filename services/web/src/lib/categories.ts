/** Stands between the levels of a category's path. */
export const LEVEL = ' > '

/** The last part of a category's path, as a person reads it. */
export const label = (category: string): string => (category.split(LEVEL).at(-1) ?? category).replaceAll(/[-_]/g, ' ')
