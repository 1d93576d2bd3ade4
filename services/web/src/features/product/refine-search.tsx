import { FiThumbsDown, FiThumbsUp } from 'react-icons/fi'
import { Link } from 'react-router-dom'

import { useLanguage } from '../../i18n/language'
import { hasQuestion, MOST_LIKE, MOST_UNLIKE, readSettings, writeSettings, type SearchSettings } from '../../lib/search-params'
import { useWayBack } from '../../lib/way-back'

/** Back to the search that led here, with more or less of this product in it. */
export function RefineSearch({ id }: { id: string }) {
  const { say } = useLanguage()
  const back = useWayBack()
  const settings = readSettings(new URLSearchParams(back?.search ?? ''))
  if (!hasQuestion(settings)) return null
  const { like, unlike } = settings
  const address = (part: Partial<SearchSettings>) =>
    `/?${writeSettings({ ...settings, shown: 0, sort: 'relevance', ...part }).toString()}`
  const without = (ids: string[]) => ids.filter((one) => one !== id)
  return (
    <section aria-labelledby="refine" className="print:hidden">
      <h2 id="refine" className="mb-2 text-sm font-medium">
        {settings.query ? say.refine(settings.query) : say.refineSearch}
      </h2>
      <div className="flex flex-wrap gap-2">
        <Link
          to={address({ like: [...without(like), id].slice(-MOST_LIKE), unlike: without(unlike) })}
          className="quiet-button text-sm"
        >
          <FiThumbsUp aria-hidden /> {say.moreOfThis}
        </Link>
        <Link
          to={address({ unlike: [...without(unlike), id].slice(-MOST_UNLIKE), like: without(like) })}
          className="quiet-button text-sm"
        >
          <FiThumbsDown aria-hidden /> {say.lessOfThis}
        </Link>
      </div>
    </section>
  )
}
