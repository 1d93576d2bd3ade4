import { useEffect, useRef, useState } from 'react'

import type { Found } from '../../api/client'
import { persist } from '../../api/persist'
import { joined, searchOn } from '../../api/search'
import { useAnnounce } from '../../components/status-line'
import { useLanguage } from '../../i18n/language'

interface Props {
  answer: Found
  k: number
  /** Takes the answer with the next page added to it; the keyboard goes on from the first product of that. */
  onLoaded: (answer: Found) => void
}

/** The way to the next page, which joins those before it. Give it a key for each search: it stops with it. */
export function LoadMore({ answer, k, onLoaded }: Props) {
  const { say } = useLanguage()
  const announce = useAnnounce()
  const [state, setState] = useState<'ready' | 'loading' | 'retrying' | 'failed'>('ready')
  const asking = useRef<AbortController | null>(null)
  useEffect(() => () => asking.current?.abort(), [])
  const shown = answer.results.length
  const { cursor, found } = answer

  const load = async () => {
    if (!cursor || state === 'loading') return
    asking.current?.abort()
    const control = new AbortController()
    asking.current = control
    setState('loading')
    try {
      const next = await persist((signal) => searchOn(cursor, k, signal), control.signal, () => {
        setState('retrying')
        announce(`${say.moreFailed} ${say.retrying}`)
      })
      if (control.signal.aborted) return
      const fuller = joined(answer, next)
      onLoaded(fuller)
      setState('ready')
      announce(say.shown(fuller.results.length, found))
    } catch {
      if (control.signal.aborted) return
      setState('failed')
      announce(say.moreFailed)
    }
  }
  const failed = state === 'failed' || state === 'retrying'
  return (
    <div className="mt-10 flex flex-col items-center gap-3 print:hidden">
      <p className="muted text-sm">{say.shown(shown, found)}</p>
      <div aria-hidden className="h-1 w-48 max-w-full overflow-hidden rounded-full bg-stone-200 dark:bg-stone-800">
        <div className="h-full bg-brand-600 forced-color-adjust-none dark:bg-brand-400" style={{ width: `${(100 * shown) / Math.max(found, 1)}%` }} />
      </div>
      {failed && <p className="error-text">{say.moreFailed}</p>}
      {state === 'retrying' && <p className="muted text-sm">{say.retrying}</p>}
      {cursor && (
        <button type="button" className="quiet-button min-w-40" aria-busy={state === 'loading'} onClick={() => void load()}>
          {state === 'loading' ? say.moreLoading : failed ? say.retry : say.more}
        </button>
      )}
    </div>
  )
}
