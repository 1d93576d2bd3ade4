import { useEffect, useLayoutEffect } from 'react'
import { useLocation } from 'react-router-dom'

const NAME = 'place'

interface Place {
  key: string
  y: number
}

/** Undefined until it is read; null once it has been found again. */
let reloaded: Place | null | undefined

/**
 * Finds the place in a page after a reload, once there is enough of it. Browsers try it too, but give up
 * before an answer that is fetched is there. Tabs that duplicate this one begin at the top.
 */
export function useReloadedPlace(there: boolean): void {
  const { key } = useLocation()
  useEffect(() => {
    const keep = () => {
      try {
        sessionStorage.setItem(NAME, JSON.stringify({ key, y: window.scrollY } satisfies Place))
      } catch {
        // A browser that keeps nothing begins at the top.
      }
    }
    window.addEventListener('pagehide', keep)
    return () => window.removeEventListener('pagehide', keep)
  }, [key])
  useLayoutEffect(() => {
    if (!there) return
    const place = reloaded === undefined ? placeBefore() : reloaded
    reloaded = null
    // A visitor who has scrolled meanwhile stays there.
    if (place?.key === key && window.scrollY < place.y) window.scrollTo(0, place.y)
  }, [key, there])
}

function placeBefore(): Place | null {
  const [start] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  if (start?.type !== 'reload') return null
  try {
    return JSON.parse(sessionStorage.getItem(NAME) ?? 'null') as Place | null
  } catch {
    return null
  }
}
