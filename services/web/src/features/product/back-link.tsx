import type { MouseEvent } from 'react'
import { FiArrowLeft } from 'react-icons/fi'
import { Link, useNavigate } from 'react-router-dom'

import { useLanguage } from '../../i18n/language'
import { useWayBack } from '../../lib/way-back'

/** To the results that the product was found in, and the place in them; else to the search. */
export function BackLink() {
  const { say } = useLanguage()
  const back = useWayBack()
  const navigate = useNavigate()
  const go = (event: MouseEvent) => {
    // Real steps back, so that the browser finds the place in the results again. A link that is opened
    // elsewhere has no steps to go.
    if (!back || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    void navigate(-back.steps)
  }
  return (
    <Link to={`/${back?.search ?? ''}`} onClick={go} className="link my-3 inline-flex min-h-11 items-center gap-2 print:hidden">
      <FiArrowLeft aria-hidden className="rtl:rotate-180" /> {back ? say.back : say.toSearch}
    </Link>
  )
}
