import { useEffect } from 'react'
import { Link } from 'react-router-dom'

import { useLanguage } from '../i18n/language'

export function NotFoundPage() {
  const { say } = useLanguage()
  useEffect(() => {
    document.title = `${say.notFound} · ${say.name}`
  }, [say])
  return (
    <div className="empty-state mt-16">
      <h1 className="text-2xl font-semibold tracking-tight">{say.notFound}</h1>
      <p className="muted">{say.notFoundHint}</p>
      <Link to="/" className="primary-button mt-2">
        {say.toSearch}
      </Link>
    </div>
  )
}
