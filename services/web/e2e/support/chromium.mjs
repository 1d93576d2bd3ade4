// Where the browser is. Run by itself it prints the path, or one line that says what to do.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { argv, env, exit } from 'node:process'
import { fileURLToPath } from 'node:url'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

/** No sandbox: as root, in a container, Chromium has none. The rest keeps it from calling home. */
export const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * CHROMIUM, else the first browser of a known name on PATH. Throws one line that says what to do.
 * @returns {string}
 */
export function chromiumPath() {
  const named = env['CHROMIUM']
  const folders = (env['PATH'] ?? '').split(delimiter)
  const known = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  const found = (named ? [named] : known).find(canRun)
  if (found) return found
  const why = named ? `${named} cannot be run` : 'There is no Chromium on PATH'
  throw new Error(`${why}: apt-get install chromium, or name a browser with CHROMIUM=…`)
}

/** @param {string} path */
function canRun(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(chromiumPath())
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`)
    exit(1)
  }
}
