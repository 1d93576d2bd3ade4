import { useEffect } from 'react'

import { useAnnounce } from '../../components/status-line'
import { useLanguage } from '../../i18n/language'
import type { Patience } from '../../lib/use-patience'

/** A bar once a wait is noticed, and a word once it is long. Takes no room, so that nothing jumps. */
export function Waiting({ patience }: { patience: Patience }) {
  const { say } = useLanguage()
  const announce = useAnnounce()
  const long = patience === 'long'
  useEffect(() => {
    if (long) announce(say.slow)
  }, [announce, long, say])
  return (
    <>
      <div className="-mt-3 mb-2 h-1 overflow-hidden rounded-full">
        {patience !== 'none' && (
          <div role="progressbar" aria-label={say.loading} className="waiting-bar h-full rounded-full forced-color-adjust-none" />
        )}
      </div>
      {long && <p className="muted mb-4 text-sm">{say.slow}</p>}
    </>
  )
}
