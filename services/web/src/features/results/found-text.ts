import type { SearchAnswer } from '../../api/client'
import { useLanguage } from '../../i18n/language'

/** The service looks no further than this, and says so when there may be more. */
const DEPTH = 1000

/** Number of products, in words; null before the first answer. */
export function useFoundText(answer: SearchAnswer | null): string | null {
  const { say } = useLanguage()
  if (!answer) return null
  return answer.found >= DEPTH ? say.foundMany(answer.found) : say.found(answer.found)
}
