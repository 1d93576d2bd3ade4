import { lazy, Suspense } from 'react'
import { Route, Routes } from 'react-router-dom'

import { StatusLine } from '../components/status-line'
import { PictureProvider } from '../features/picture/picture-context'
import { LanguageProvider } from '../i18n/language'
import type { Spoken } from '../i18n/languages'
import { Layout } from './layout'
import { NotFoundPage } from './not-found-page'
import { SearchPage } from './search-page'

const ProductPage = lazy(async () => ({
  default: (await import('../features/product/product-page')).ProductPage,
}))

export function App({ spoken }: { spoken?: Spoken }) {
  return (
    <LanguageProvider {...(spoken && { first: spoken })}>
      <StatusLine>
        <PictureProvider>
          <Routes>
            <Route element={<Layout />}>
              <Route index element={<SearchPage />} />
              <Route path="search" element={<SearchPage />} />
              <Route
                path="product/:id"
                element={
                  <Suspense fallback={null}>
                    <ProductPage />
                  </Suspense>
                }
              />
              <Route path="*" element={<NotFoundPage />} />
            </Route>
          </Routes>
        </PictureProvider>
      </StatusLine>
    </LanguageProvider>
  )
}
