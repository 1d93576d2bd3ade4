import { Route, Routes } from 'react-router-dom'

import { PictureProvider } from '../features/picture/picture-context'
import { ProductPage } from '../features/product/product-page'
import { SearchPage } from '../features/search/search-page'
import { LanguageProvider } from '../i18n/language'
import { Layout } from './layout'
import { NotFoundPage } from './not-found-page'

export function App() {
  return (
    <LanguageProvider>
      <PictureProvider>
        <Routes>
          <Route element={<Layout />}>
            <Route index element={<SearchPage />} />
            <Route path="search" element={<SearchPage />} />
            <Route path="product/:id" element={<ProductPage />} />
            <Route path="*" element={<NotFoundPage />} />
          </Route>
        </Routes>
      </PictureProvider>
    </LanguageProvider>
  )
}
