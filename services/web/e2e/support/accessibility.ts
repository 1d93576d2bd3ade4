import { expect, type Page } from '@playwright/test'
import axe from 'axe-core'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
export const THEMES = ['light', 'dark'] as const

/** axe finds nothing wrong with what is shown now, in either theme. The theme stays as it was. */
export async function expectAccessible(page: Page): Promise<void> {
  // Colours that still fade are not yet the ones that are read.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const before = await theme(page)
  for (const one of THEMES) {
    await wear(page, one)
    expect(await violations(page), `in ${one} colours`).toEqual([])
  }
  await wear(page, before)
}

const theme = (page: Page) => page.evaluate(() => document.documentElement.dataset['theme'] ?? 'light')

/** Straight on the document: the page's own button would take the focus, and close what is open. */
const wear = (page: Page, one: string): Promise<void> =>
  page.evaluate((name) => {
    document.documentElement.dataset['theme'] = name
  }, one)

/** What axe complains about, in few words. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const found = await page.evaluate(
    async (tags) => (await window.axe.run(document, { runOnly: tags })).violations,
    RULES,
  )
  return found.flatMap((one) =>
    one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 200)} – ${node.failureSummary ?? one.help}`),
  )
}

declare global {
  interface Window {
    axe: typeof axe
  }
}
