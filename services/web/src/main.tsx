import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter } from 'react-router-dom'

import { App } from './app/app'
import { ErrorBoundary } from './components/error-boundary'
import { ENGLISH, preferredLanguage, wordsOf } from './i18n/languages'
import { ROOT_PATH } from './lib/root-path'
import './styles.css'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

// If the texts of another language cannot be fetched, English is better than an empty page.
const spoken = await wordsOf(preferredLanguage()).catch(() => ENGLISH)

createRoot(root).render(
  <StrictMode>
    {/* With the slash at its end: many proxies know no address without it. */}
    {/* A ticked filter stands in the address: as a transition, it would show a moment late. */}
    <BrowserRouter basename={`${ROOT_PATH}/`} useTransitions={false}>
      <ErrorBoundary of="page">
        <App spoken={spoken} />
      </ErrorBoundary>
    </BrowserRouter>
  </StrictMode>,
)
