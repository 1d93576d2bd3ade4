import { FiGlobe } from 'react-icons/fi'

import { useLanguage } from '../i18n/language'
import { isLanguage, LANGUAGES } from '../i18n/languages'
import { useAnnounce } from './status-line'

/** All languages of the page, each by its own name. */
export function LanguageSelect() {
  const { language, say, speak } = useLanguage()
  const announce = useAnnounce()
  return (
    <label className="text-button relative px-2">
      <FiGlobe aria-hidden className="text-lg" />
      <select
        aria-label={say.language}
        value={language}
        className="min-h-11 cursor-pointer appearance-none bg-transparent pe-1"
        onChange={({ target: { value } }) => {
          if (isLanguage(value)) speak(value).catch(() => announce(say.failures.offline))
        }}
      >
        {Object.entries(LANGUAGES).map(([code, { name }]) => (
          <option key={code} value={code} lang={code} className="text-stone-900">
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}
