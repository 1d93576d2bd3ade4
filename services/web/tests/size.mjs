/**
 * Fails when the JavaScript of a first visit is over its budget: what index.html loads, not what is
 * fetched when it is wanted. Run after `npm run build`.
 */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const BUDGET = 120_000
const dist = new URL('../dist/', import.meta.url)
const page = readFileSync(new URL('index.html', dist), 'utf8')
const scripts = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(([, path]) => path)
if (scripts.length === 0) throw new Error('index.html loads no JavaScript: was the page built?')
const bytes = scripts.reduce((sum, path) => sum + gzipSync(readFileSync(new URL(path, dist))).length, 0)
console.log(`${bytes} bytes of JavaScript, compressed, in ${scripts.length} files; the budget is ${BUDGET}`)
if (bytes > BUDGET) process.exit(1)
