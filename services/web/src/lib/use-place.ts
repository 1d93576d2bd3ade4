import { useLayoutEffect } from 'react'
import { useLocation, useNavigationType } from 'react-router-dom'

const NAME = 'places'
const MOST = 50

let known: Map<string, number> | undefined
/** How far each step of the history was scrolled. */
const places = () => (known ??= placesBefore())

/**
 * Finds the place in a page after Back, Forward or a reload, once there is enough of it. Browsers try it too, but
 * give up before an answer that is fetched is there.
 */
export function usePlace(there: boolean): void {
  const { key, search } = useLocation()
  const how = useNavigationType()
  const step = `${key} ${search}`
  useLayoutEffect(() => {
    if (!there) return
    const y = places().get(step) ?? 0
    // A visitor who has scrolled meanwhile stays there.
    if (how === 'POP' && window.scrollY < y) window.scrollTo(0, y)
    const note = () => places().set(step, window.scrollY)
    note()
    window.addEventListener('scroll', note, { passive: true })
    window.addEventListener('pagehide', keep)
    return () => {
      window.removeEventListener('scroll', note)
      window.removeEventListener('pagehide', keep)
      keep()
    }
  }, [how, step, there])
}

function keep(): void {
  try {
    sessionStorage.setItem(NAME, JSON.stringify([...places()].slice(-MOST)))
  } catch {
    // A browser that keeps nothing begins at the top.
  }
}

/** Those of before a reload, or before the browser let go of the page. */
function placesBefore(): Map<string, number> {
  const [start] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  try {
    return new Map(start?.type === 'navigate' ? [] : (JSON.parse(sessionStorage.getItem(NAME) ?? '[]') as [string, number][]))
  } catch {
    return new Map()
  }
}
