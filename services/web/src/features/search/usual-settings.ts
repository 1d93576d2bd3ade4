import { DEFAULTS, type SearchSettings } from '../../lib/search-params'

const { k, threshold, words, lean, rewrite, weak, variants } = DEFAULTS

/** Default values of the settings panel. */
export const USUAL_SETTINGS = { k, threshold, words, lean, rewrite, weak, variants }

export const isUnusual = (settings: SearchSettings): boolean =>
  Object.entries(USUAL_SETTINGS).some(
    ([name, usual]) => settings[name as keyof typeof USUAL_SETTINGS] !== usual,
  )

/** True if a setting that stands under "Advanced" is not as usual. */
export const hasAdvanced = ({ k: results, threshold: least, words: share }: SearchSettings): boolean =>
  results !== k || least !== threshold || (share !== null && share !== 0 && share !== 1)
