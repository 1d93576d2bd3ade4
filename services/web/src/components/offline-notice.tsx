import { useSyncExternalStore } from 'react'
import { FiWifiOff } from 'react-icons/fi'

import { useLanguage } from '../i18n/language'

function subscribe(changed: () => void): () => void {
  window.addEventListener('online', changed)
  window.addEventListener('offline', changed)
  return () => {
    window.removeEventListener('online', changed)
    window.removeEventListener('offline', changed)
  }
}

/** Says so while the browser has no network. */
export function OfflineNotice() {
  const { say } = useLanguage()
  const online = useSyncExternalStore(subscribe, () => navigator.onLine)
  return (
    <div role="status">
      {!online && (
        <p className="notice-warning mx-auto mb-2 flex w-fit max-w-[calc(100%-2rem)] items-center gap-3">
          <FiWifiOff aria-hidden className="shrink-0" /> {say.offline}
        </p>
      )}
    </div>
  )
}
