import { useCallback, useEffect, useState } from 'react'

import type { SearchAnswer } from '../api/client'
import { label } from '../api/get-catalogue'
import { search } from '../api/search'
import { later } from '../components/later'
import { DropTarget } from '../features/picture/drop-target'
import { PictureButtons } from '../features/picture/picture-buttons'
import { PictureChip } from '../features/picture/picture-chip'
import { usePictureSearch } from '../features/picture/use-picture-search'
import { FirstVisit } from '../features/search/first-visit'
import { QueryChips } from '../features/search/query-chips'
import { rememberQuery } from '../features/search/recents'
import { SearchBar } from '../features/search/search-bar'
import { SettingsButton } from '../features/search/settings-button'
import { useLanguage } from '../i18n/language'
import { asksForSomething, writeSettings } from '../lib/search-params'
import { useAnswer } from '../lib/use-answer'
import { useSearchSettings } from '../lib/use-search-settings'
import { SearchResults } from './search-results'

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
  void import('../features/picture/shrink-picture').catch(() => undefined)
}

function OneMoment() {
  const { say } = useLanguage()
  return <p className="muted mt-3 text-sm">{say.loadingPart}</p>
}

export function SearchPage() {
  const { say } = useLanguage()
  const [settings, change] = useSearchSettings()
  const pictures = usePictureSearch(settings.picture, change)
  const [cropping, setCropping] = useState(false)
  const [setting, setSetting] = useState(false)
  // How many are shown is no other search.
  const key = asksForSomething(settings) ? writeSettings({ ...settings, shown: 0 }).toString() : null
  const [answer, again, extend] = useAnswer<SearchAnswer>(key, (signal) => search(settings, signal))

  const searchWords = (query: string) => {
    if (query) rememberQuery(query)
    change({ query })
  }
  const { choose } = pictures
  const takePicture = useCallback(
    (file: File) => {
      setCropping(false)
      choose(file)
    },
    [choose],
  )
  const subject = settings.query || (settings.filters['category'] ?? []).map(label).join(', ')
  useEffect(() => {
    document.title = subject ? `${subject} · ${say.name}` : say.name
  }, [subject, say])

  const withPicture = settings.picture !== null || pictures.picture !== null
  const first = key === null && !withPicture
  return (
    <>
      <div className={`mx-auto ${first ? 'max-w-2xl pt-10 sm:pt-20' : 'max-w-3xl pt-1'}`}>
        <h1 className={first ? 'text-center text-3xl font-semibold tracking-tight text-balance sm:text-5xl' : 'sr-only'}>
          {say.tagline}
        </h1>
        {first && <p className="muted mt-4 mb-8 text-center text-balance sm:text-lg">{say.subtitle}</p>}
        <SearchBar query={settings.query} onSearch={searchWords}>
          <PictureButtons onChoose={takePicture} />
        </SearchBar>
        {pictures.refusal && (
          <p role="alert" className="error-text mt-3 px-4">
            {say[pictures.refusal]}
          </p>
        )}
        {first && <p className="muted mt-4 text-center text-sm text-balance">{say.pictureHint}</p>}
        {!first && (
          <>
            <QueryChips
              settings={settings}
              onChange={change}
              picture={
                withPicture ? (
                  <PictureChip
                    picture={pictures.picture}
                    sending={pictures.sending}
                    cropping={cropping}
                    onCrop={() => setCropping(!cropping)}
                    onRemove={() => {
                      setCropping(false)
                      pictures.remove()
                    }}
                  />
                ) : null
              }
            >
              <SettingsButton settings={settings} open={setting} onToggle={() => setSetting(!setting)} />
            </QueryChips>
            {cropping && pictures.picture && (
              <cropEditor.Part picture={pictures.picture} onCrop={pictures.crop} onDone={() => setCropping(false)} />
            )}
            {setting && <settingsPanel.Part settings={settings} onChange={change} />}
          </>
        )}
      </div>
      {first && <FirstVisit onSearch={searchWords} />}
      {!first && (
        <SearchResults
          answer={pictures.failure ? { state: 'failed', failure: pictures.failure } : answer}
          sending={pictures.sending}
          searchKey={key ?? ''}
          settings={settings}
          onChange={change}
          onExtend={(fuller) => {
            extend(fuller)
            change({ shown: fuller.results.length }, { replace: true })
          }}
          onRetry={pictures.failure ? pictures.retry : again}
        />
      )}
      <DropTarget onPicture={takePicture} />
    </>
  )
}
