import { Link } from 'react-router-dom'

import { useLanguage } from '../i18n/language'

export function NotFoundPage() {
  const { say } = useLanguage()
  return (
    <div className="flex flex-col items-center gap-4 py-24 text-center">
      <h1 className="text-2xl font-bold">{say.notFound}</h1>
      <Link to="/" className="primary-button">
        {say.toSearch}
      </Link>
    </div>
  )
}
