import { useCallback, useEffect, useState } from 'react'

import type { SearchAnswer } from '../../api/client'
import { searchByPicture } from '../../api/search-by-picture'
import { searchByWords } from '../../api/search-by-words'
import { useLanguage } from '../../i18n/language'
import { writeSettings } from '../../lib/search-params'
import { useAnswer } from '../../lib/use-answer'
import { checkPicture, type Refusal } from '../picture/check-picture'
import { usePicture } from '../picture/picture-context'
import { PicturePreview } from '../picture/picture-preview'
import { useDroppedPictures } from '../picture/use-dropped-pictures'
import { ResultsView } from '../results/results-view'
import { FirstVisit } from './first-visit'
import { rememberQuery } from './recents'
import { SearchBar } from './search-bar'
import { SettingsPanel } from './settings-panel'
import { useSearchSettings } from './use-search-settings'

export function SearchPage() {
  const { say } = useLanguage()
  const [settings, change] = useSearchSettings()
  const { picture, choose, remove } = usePicture()
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const byPicture = settings.picture && picture !== null

  const key = byPicture
    ? `picture ${picture.number} ${writeSettings({ ...settings, query: '' }).toString()}`
    : settings.query && !settings.picture
      ? `words ${writeSettings(settings).toString()}`
      : null
  const [answer, again] = useAnswer<SearchAnswer>(key, (signal) =>
    byPicture ? searchByPicture(picture.file, settings, signal) : searchByWords(settings, signal),
  )

  const searchWords = (query: string) => {
    rememberQuery(query)
    setRefusal(null)
    change({ query, picture: false })
  }
  const searchPicture = useCallback(
    (file: File) => {
      const why = checkPicture(file)
      setRefusal(why)
      if (why) return
      choose(file)
      change({ query: '', picture: true })
    },
    [change, choose],
  )
  const hovering = useDroppedPictures(searchPicture)

  useEffect(() => {
    document.title = settings.query ? `${settings.query} · ${say.name}` : say.name
  }, [settings.query, say])

  const first = !settings.query && !settings.picture
  return (
    <>
      <div className={first ? 'mx-auto max-w-3xl pt-10 sm:pt-20' : 'mx-auto max-w-4xl pt-2'}>
        <h1 className={first ? 'mb-8 text-center text-3xl font-bold tracking-tight text-balance sm:text-5xl' : 'sr-only'}>
          {say.tagline}
        </h1>
        <SearchBar query={settings.query} onSearch={searchWords} onPicture={searchPicture} />
        {refusal && (
          <p role="alert" className="mt-3 px-4 font-medium text-red-700 dark:text-red-300">
            {say[refusal]}
          </p>
        )}
        {!first && <SettingsPanel settings={settings} onChange={(part) => change(part, { replace: true })} />}
        {byPicture && (
          <div className="mt-3">
            <PicturePreview
              file={picture.file}
              onRemove={() => {
                remove()
                change({ picture: false })
              }}
            />
          </div>
        )}
      </div>
      {first && <FirstVisit onSearch={searchWords} />}
      {settings.picture && !picture && <p className="muted mt-12 text-center text-lg">{say.pictureGone}</p>}
      <ResultsView answer={answer} settings={settings} onChange={change} onRetry={again} />
      {hovering && (
        <div className="pointer-events-none fixed inset-3 z-20 flex items-center justify-center rounded-3xl border-4 border-dashed border-brand-500 bg-white/85 text-xl font-semibold dark:bg-slate-950/85">
          {say.dropHere}
        </div>
      )}
    </>
  )
}
