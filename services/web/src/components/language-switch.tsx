import { useLanguage } from '../i18n/language'
import { LANGUAGES, type Language } from '../i18n/languages'
import { useAnnounce } from './status-line'

/** One button for the other language, named in that language. */
export function LanguageSwitch() {
  const { language, say, speak } = useLanguage()
  const announce = useAnnounce()
  const other: Language = language === 'en' ? 'ar' : 'en'
  return (
    <button
      type="button"
      lang={other}
      className="text-button px-3"
      onClick={() => {
        speak(other).catch(() => announce(say.failures.offline))
      }}
    >
      {LANGUAGES[other].name}
    </button>
  )
}
