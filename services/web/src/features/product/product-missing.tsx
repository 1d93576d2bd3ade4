import { Link } from 'react-router-dom'

import { useLanguage } from '../../i18n/language'

/** Asking again would not help: the catalogue has no such product. */
export function ProductMissing({ id }: { id: string }) {
  const { say } = useLanguage()
  return (
    <div role="alert" className="empty-state">
      <h1 className="text-2xl font-semibold tracking-tight">{say.failures.missing}</h1>
      <p className="muted">{say.missingHint}</p>
      <p className="muted text-xs break-all">
        <code dir="ltr">{id}</code>
      </p>
      <Link to="/" className="primary-button mt-1">
        {say.toSearch}
      </Link>
    </div>
  )
}
