import { useEffect } from 'react'
import { Route, Routes } from 'react-router-dom'

import { later } from '../components/later'
import { StatusLine } from '../components/status-line'
import { PictureProvider } from '../features/picture/picture-context'
import { LanguageProvider } from '../i18n/language'
import type { Spoken } from '../i18n/languages'
import { whenIdle } from '../lib/when-idle'
import { Layout } from './layout'
import { NotFoundPage } from './not-found-page'
import { prefetchSearchParts, SearchPage } from './search-page'

const product = later(async () => (await import('../features/product/product-page')).ProductPage)

export function App({ spoken }: { spoken?: Spoken }) {
  // A part that is there already needs no network when it is wanted.
  useEffect(
    () =>
      whenIdle(() => {
        void product.prefetch()
        prefetchSearchParts()
      }),
    [],
  )
  return (
    <LanguageProvider {...(spoken && { first: spoken })}>
      <StatusLine>
        <PictureProvider>
          <Routes>
            <Route element={<Layout />}>
              <Route index element={<SearchPage />} />
              <Route path="search" element={<SearchPage />} />
              <Route path="product/:id" element={<product.Part />} />
              <Route path="*" element={<NotFoundPage />} />
            </Route>
          </Routes>
        </PictureProvider>
      </StatusLine>
    </LanguageProvider>
  )
}
