import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'

import type { Plugin } from 'vite'

const COMPRESSIBLE = /\.(js|css|svg)$/
/** Below it, what a smaller file saves is lost again in headers. */
const LEAST_BYTES = 1_000

/**
 * Writes each file of the build compressed too, once, so that no server has to at each request. As the
 * files are written, and not before: Vite still changes them while it generates the bundle.
 */
export const compress = (): Plugin => ({
  name: 'compress',
  apply: 'build',
  writeBundle({ dir = '' }, bundle) {
    for (const name of Object.keys(bundle).filter((one) => COMPRESSIBLE.test(one))) {
      const path = join(dir, name)
      const source = readFileSync(path)
      if (source.length < LEAST_BYTES) continue
      writeFileSync(`${path}.br`, brotliCompressSync(source))
      writeFileSync(`${path}.gz`, gzipSync(source))
    }
  },
})
