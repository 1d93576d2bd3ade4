/** Fails when the JavaScript of a first visit is over its budget. Run after `npm run build`. */
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const BUDGET = 120_000
const assets = new URL('../dist/assets/', import.meta.url)
const bytes = readdirSync(assets)
  .filter((name) => name.endsWith('.js'))
  .reduce((sum, name) => sum + gzipSync(readFileSync(new URL(name, assets))).length, 0)
console.log(`${bytes} bytes of JavaScript, compressed; the budget is ${BUDGET}`)
if (bytes > BUDGET) process.exit(1)
