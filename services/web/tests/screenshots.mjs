/**
 * Takes the pictures in docs/images of a running stack: `npm run screenshots -- http://127.0.0.1:7860`.
 * Needs a Chromium: CHROMIUM=… names one.
 */
import { mkdirSync } from 'node:fs'

import { chromium } from 'playwright-core'

const base = process.argv[2] ?? 'http://127.0.0.1:7860'
const folder = new URL('../../../docs/images/', import.meta.url).pathname
const quiet = ['gpu', 'background-networking', 'component-update', 'sync'].map((word) => `--disable-${word}`)

mkdirSync(folder, { recursive: true })
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--no-first-run', ...quiet],
})
const page = await browser.newPage({ viewport: { width: 1200, height: 800 } })
const take = async (name) => {
  await page.waitForLoadState('networkidle')
  await page.screenshot({ path: `${folder}${name}.png` })
}
await page.goto(`${base}/?q=red+striped+mug`)
await page.waitForSelector('article')
await take('search')
await page.click('article a')
await page.waitForSelector('dl')
await take('product')
await browser.close()
