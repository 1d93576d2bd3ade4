import { fileURLToPath } from 'node:url'

import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { loadEnv, type Plugin, type ProxyOptions } from 'vite'
import { defineConfig } from 'vitest/config'

import { compress } from './compress.ts'
import { toBaseUrl } from './src/api/base-url.ts'

const gateway = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:7860'
// `/products/` ends in a slash on purpose: `/product/…` is a page of ours.
// `/search` is both: a page to look at, and what the page asks with POST.
const api = ['/pictures', '/products/', '/images/', '/ready', '/problems/', '/docs']
const searches: ProxyOptions = {
  target: gateway,
  bypass: ({ method, url }) => (method === 'GET' ? url : null),
}

/**
 * Parts of axios that the page does not use: `src/api/send.ts` sends with fetch and makes the address, so axios'
 * own adapters and what serves them alone are left out, as axios itself leaves out those of Node in a browser.
 */
const UNUSED_OF_AXIOS =
  /\/(buildURL|buildFullPath|HttpStatusCode|CancelToken|toFormData|formDataToJSON|toURLEncodedForm|AxiosURLSearchParams)\.js$/
const OWN_ADAPTER = '\0own-adapter'
const lessOfAxios: Plugin = {
  name: 'less-of-axios',
  enforce: 'pre',
  apply: 'build',
  resolveId(source, importer) {
    if (!importer?.includes('/axios/lib/')) return null
    if (source.endsWith('/adapters.js')) return OWN_ADAPTER
    return UNUSED_OF_AXIOS.test(source) ? this.resolve('axios/unsafe/helpers/null.js', importer) : null
  },
  load: (id) => (id === OWN_ADAPTER ? 'export default { getAdapter: (own) => own }' : null),
}

/** The package names its build for development alone, which is larger by the warnings that nobody reads. */
const ROUTER = fileURLToPath(new URL('node_modules/react-router/dist/production/index.mjs', import.meta.url))
const leanRouter: Plugin = {
  name: 'lean-router',
  enforce: 'pre',
  apply: 'build',
  resolveId: (source) => (source === 'react-router' ? ROUTER : null),
}

type ModuleInfo = { isEntry: boolean; importers: readonly string[] }
interface Modules {
  getModuleInfo: (id: string) => ModuleInfo | null
}

/**
 * All that the first load needs goes into one file, which compresses better than many small ones: each
 * module that the entry imports, through whatever other modules, without a dynamic import.
 */
function firstLoad(id: string, modules: Modules): string | null {
  const seen = new Set<string>()
  const isNeeded = (one: string): boolean => {
    if (seen.has(one)) return false
    seen.add(one)
    const info = modules.getModuleInfo(one)
    return info !== null && (info.isEntry || info.importers.some(isNeeded))
  }
  return isNeeded(id) ? 'page' : null
}

export default defineConfig(({ mode }) => {
  // A value that cannot be right is found here, and not by who opens the page.
  toBaseUrl(loadEnv(mode, process.cwd(), 'VITE_')['VITE_API_URL'])
  return {
    // Relative to the page's <base>.
    base: './',
    plugins: [react(), tailwindcss(), lessOfAxios, leanRouter, compress()],
    // No data: addresses: the gateway's content security policy is stricter without them.
    build: {
      target: 'es2022',
      assetsInlineLimit: 0,
      rollupOptions: { output: { codeSplitting: { groups: [{ name: firstLoad }] } } },
    },
    server: {
      proxy: { ...Object.fromEntries(api.map((path) => [path, gateway])), '/search': searches },
    },
    test: {
      environment: 'jsdom',
      setupFiles: ['tests/setup.ts'],
      include: ['tests/**/*.test.{ts,tsx}'],
      testTimeout: 15_000,
    },
  }
})
