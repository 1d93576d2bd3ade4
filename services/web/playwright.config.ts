import { defineConfig } from '@playwright/test'

import { chromiumPath, FLAGS } from './e2e/support/chromium.mjs'

const root = '../..'

/** The stack says so on its output; Playwright keeps the named parts in the environment. */
const up = /page at (?<stack_url>http\S+) launched by (?<stack_pid>\d+)/

/** What STACK_URL and STACK_PID name already runs: while writing tests, one start serves many runs. */
const running = process.env['STACK_URL'] !== undefined

/** Another product file than the sample; its tests are those that know no product. */
const catalogue = process.env['E2E_CATALOGUE']

const stack = {
  command: ['.venv/bin/python', '-m', 'tests.support.page_stack', ...(catalogue ? [`'${catalogue}'`] : [])].join(' '),
  cwd: root,
  wait: { stdout: up },
  timeout: 180_000,
  gracefulShutdown: { signal: 'SIGTERM' as const, timeout: 30_000 },
}

export default defineConfig({
  testDir: 'e2e',
  outputDir: `${root}/.state/e2e`,
  // One browser at a time: some tests stop the gateway, some measure, and all share one stack.
  workers: 1,
  forbidOnly: Boolean(process.env['CI']),
  reporter: [['list']],
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    baseURL: process.env['STACK_URL'],
    locale: 'en-GB',
    viewport: { width: 1280, height: 800 },
    launchOptions: { executablePath: chromiumPath(), args: FLAGS },
    trace: 'retain-on-failure',
  },
  projects: [
    { name: 'page', testMatch: catalogue ? 'looks.spec.ts' : '*.spec.ts' },
    { name: 'screenshots', testMatch: 'screenshots.ts' },
    { name: 'vitals', testMatch: 'vitals.ts' },
  ],
  ...(running ? {} : { webServer: stack }),
})
