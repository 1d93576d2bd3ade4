import { DEFAULTS, type SearchSettings } from '../../lib/search-params'

const { k, threshold, words, lean, rewrite, weak, variants } = DEFAULTS

/** Default values of the settings panel. */
export const USUAL_SETTINGS = { k, threshold, words, lean, rewrite, weak, variants }

export const isUnusual = (settings: SearchSettings): boolean =>
  Object.entries(USUAL_SETTINGS).some(
    ([name, usual]) => settings[name as keyof typeof USUAL_SETTINGS] !== usual,
  )
