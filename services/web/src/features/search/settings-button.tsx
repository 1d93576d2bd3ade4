import { FiSliders } from 'react-icons/fi'

import { useLanguage } from '../../i18n/language'
import type { SearchSettings } from '../../lib/search-params'
import { isUnusual } from './usual-settings'

interface Props {
  settings: SearchSettings
  open: boolean
  onToggle: () => void
}

/** Opens the settings; a dot says that some are not as usual. */
export function SettingsButton({ settings, open, onToggle }: Props) {
  const { say } = useLanguage()
  return (
    <button type="button" className="text-button px-2 text-sm whitespace-nowrap sm:px-3" aria-expanded={open} onClick={onToggle}>
      <FiSliders aria-hidden /> {say.settings}
      {isUnusual(settings) && (
        <span className="size-2 rounded-full bg-brand-600 dark:bg-brand-400">
          <span className="sr-only">{say.settingsChanged}</span>
        </span>
      )}
    </button>
  )
}
