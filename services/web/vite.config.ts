import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const gateway = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:7860'
// `/products/` ends in a slash on purpose: `/product/…` is a page of ours.
const api = ['/predict', '/predict-image', '/products/', '/images/', '/ready', '/problems/', '/docs']

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // No data: addresses: the gateway's content security policy is stricter without them.
  build: { target: 'es2022', assetsInlineLimit: 0 },
  server: { proxy: Object.fromEntries(api.map((path) => [path, gateway])) },
  test: {
    environment: 'jsdom',
    setupFiles: ['tests/setup.ts'],
    include: ['tests/**/*.test.{ts,tsx}'],
    testTimeout: 15_000,
  },
})
