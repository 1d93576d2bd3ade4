import { useEffect, useState } from 'react'
import { useLocation } from 'react-router-dom'

import type { Found } from '../api/client'
import { search } from '../api/search'
import { later } from '../components/later'
import { ActiveFilters } from '../features/facets/active-filters'
import { PictureChip } from '../features/picture/picture-chip'
import { FirstVisit } from '../features/search/first-visit'
import { QueryChips } from '../features/search/query-chips'
import { SettingsButton } from '../features/search/settings-button'
import { useLanguage } from '../i18n/language'
import { label } from '../lib/categories'
import { asksForSomething, withoutFilters, writeSettings } from '../lib/search-params'
import { useAnswer } from '../lib/use-answer'
import { SearchResults } from './search-results'
import { useShop } from './use-shop'

const cropEditor = later(
  async () => (await import('../features/picture/crop-editor')).CropEditor,
  <OneMoment />,
)
const settingsPanel = later(
  async () => (await import('../features/search/settings-panel')).SettingsPanel,
  <OneMoment />,
)

export function prefetchSearchParts(): void {
  void settingsPanel.prefetch()
  void cropEditor.prefetch()
  void import('../features/picture/prepare-picture').catch(() => undefined)
}

function OneMoment() {
  const { say } = useLanguage()
  return <p className="muted mt-3 text-sm">{say.loadingPart}</p>
}

/** An answer without a part of the service is not shown again: the part may be back. */
const isWhole = (found: Found) => !found.degraded?.length

/** The first visit, or a search: what is searched with, and what was found. */
export function SearchPage() {
  const { say } = useLanguage()
  const { settings: written, onChange, pictures, searchWords } = useShop()
  const { picture } = pictures
  const [framed, setFramed] = useState<File | null>(null)
  const [setting, setSetting] = useState(false)
  // How many are shown, and what the picture looks like, is no other search.
  const key = asksForSomething(written) ? writeSettings({ ...written, shown: 0, look: null }).toString() : null
  const [answer, again, extend] = useAnswer<Found>(key, (signal) => search(written, signal), isWhole)
  const price = (answer.state === 'done' ? answer.value : answer.state === 'loading' ? answer.before : null)?.facets?.price
  const [currency, setCurrency] = useState<string | null>(null)
  // A search that failed, or found no prices, keeps that of the one before.
  if (price && (price.currency ?? null) !== currency) setCurrency(price.currency ?? null)
  const { key: step } = useLocation()
  useEffect(() => {
    if (answer.state === 'failed') again()
    // A step that leads to the same search asks for it again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [step])
  const settings = withoutFilters(written, answer.state === 'done' ? answer.value.unknown : undefined)
  const subject = settings.query || (settings.filters['category'] ?? []).map(label).join(', ')
  useEffect(() => {
    document.title = subject ? `${subject} · ${say.name}` : say.name
  }, [subject, say])

  if (key === null && picture === null) return <FirstVisit onSearch={searchWords} />
  const cropping = picture !== null && framed === picture.file
  return (
    <>
      <div>
        <h1 className={`sr-only ${subject && 'text-xl font-semibold print:not-sr-only'}`}>{subject || say.tagline}</h1>
        <QueryChips
          settings={settings}
          answer={answer.state === 'done' ? answer.value : null}
          onChange={onChange}
          picture={
            (settings.picture !== null || picture !== null) && (
              <PictureChip
                picture={picture}
                look={settings.look}
                sending={pictures.sending}
                cropping={cropping}
                onCrop={() => setFramed(cropping ? null : (picture?.file ?? null))}
                onRemove={pictures.remove}
              />
            )
          }
          filters={<ActiveFilters settings={settings} currency={currency} onChange={onChange} />}
        >
          <SettingsButton settings={settings} open={setting} onToggle={() => setSetting(!setting)} />
        </QueryChips>
        {cropping && <cropEditor.Part picture={picture} onCrop={pictures.crop} onDone={() => setFramed(null)} />}
        {setting && <settingsPanel.Part settings={settings} onChange={onChange} />}
      </div>
      <SearchResults
        answer={pictures.failure ? { state: 'failed', failure: pictures.failure, retrying: pictures.retrying } : answer}
        sending={pictures.sending}
        searchKey={key ?? ''}
        settings={settings}
        onChange={onChange}
        onExtend={(fuller) => {
          extend(fuller)
          onChange({ shown: fuller.results.length }, { replace: true })
        }}
        onRetry={pictures.failure ? pictures.retry : again}
      />
    </>
  )
}
