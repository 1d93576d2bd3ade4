import { FiChevronRight } from 'react-icons/fi'
import { Link } from 'react-router-dom'

import { useLanguage } from '../i18n/language'
import { LEVEL } from '../lib/categories'
import { browseAddress } from '../lib/search-params'

/** The path of a category; each part leads to all products of it. */
export function Breadcrumb({ category, current = false }: { category: string; current?: boolean }) {
  const { say } = useLanguage()
  const parts = category.split(LEVEL)
  return (
    <nav aria-label={say.breadcrumb}>
      <ol className="flex flex-wrap items-center gap-x-1 text-sm">
        <li>
          <Link to="/" className="link inline-flex min-h-9 items-center">
            {say.allCategories}
          </Link>
        </li>
        {parts.map((part, depth) => (
          <li key={depth} className="flex items-center gap-1">
            <FiChevronRight aria-hidden className="muted rtl:rotate-180" />
            <Link
              to={browseAddress(parts.slice(0, depth + 1).join(LEVEL))}
              {...(current && depth === parts.length - 1 && { 'aria-current': 'page' as const })}
              className="link inline-flex min-h-9 items-center"
            >
              <bdi>{part}</bdi>
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  )
}
