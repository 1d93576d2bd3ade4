import type { ReactNode } from 'react'
import { FiFilter } from 'react-icons/fi'

import { Sheet } from '../../components/sheet'
import { useLanguage } from '../../i18n/language'
import { countFilters, type SearchSettings } from '../../lib/search-params'
import { useStep } from '../../lib/use-step'

interface Props {
  settings: SearchSettings
  /** Number of matching products, in words. */
  found: string
  /** The filters themselves. */
  children: ReactNode
}

/** The filters on a small screen: a button, and a dialog that it opens. */
export function FacetSheet({ settings, found, children }: Props) {
  const { say } = useLanguage()
  const [open, setOpen] = useStep('filters')
  const on = countFilters(settings)
  const close = () => setOpen(false)
  return (
    <>
      <button
        type="button"
        className="quiet-button px-3! text-sm max-[26rem]:px-2.5! lg:hidden"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <FiFilter aria-hidden className="max-[26rem]:hidden" /> {say.filters}{' '}
        {on > 0 && (
          <span className="flex size-6 items-center justify-center rounded-full bg-brand-700 text-xs font-semibold text-white">
            {on}{' '}
            <span className="sr-only">{say.filtersOn}</span>
          </span>
        )}
      </button>
      <Sheet
        title={say.filters}
        open={open}
        onClose={close}
        footer={
          <button type="button" className="primary-button w-full" onClick={close}>
            {say.filtersShow(found)}
          </button>
        }
      >
        {children}
      </Sheet>
    </>
  )
}
