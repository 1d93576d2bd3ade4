import { DEFAULTS, type SearchSettings } from '../../lib/search-params'

const { k, threshold, words, lean, rewrite, weak, variants } = DEFAULTS

/** What the settings panel sets, as it is for everybody who never opened it. */
export const USUAL_SETTINGS = { k, threshold, words, lean, rewrite, weak, variants }

export const isUnusual = (settings: SearchSettings): boolean =>
  Object.entries(USUAL_SETTINGS).some(
    ([name, usual]) => settings[name as keyof typeof USUAL_SETTINGS] !== usual,
  )
