import { test as base, expect, type Locator, type Page } from '@playwright/test'

import { Gateway } from './gateway'
import { say } from './words'

export { expect, say }

/** The page, as somebody who shops with it sees it: by roles and names, never by classes. */
export class Shop {
  readonly box: Locator
  readonly results: Locator
  readonly cards: Locator
  /** Cards above and below the divider. */
  readonly strong: Locator
  readonly lessClose: Locator
  readonly alert: Locator

  constructor(readonly page: Page) {
    this.box = page.getByRole('combobox', { name: say.searchLabel })
    this.results = page.getByRole('region', { name: /products?\b/ })
    this.cards = page.getByRole('article')
    this.strong = page.locator('ul:not(h3 ~ ul) > li > article')
    this.lessClose = page.locator('h3 ~ ul > li > article')
    this.alert = page.getByRole('alert')
  }

  async open(address = '/'): Promise<void> {
    await this.page.goto(address)
  }

  async search(words: string): Promise<void> {
    await this.box.fill(words)
    await this.box.press('Enter')
  }

  /** Titles of the results, in order, once the answer to what was asked last is there. */
  async titles(): Promise<string[]> {
    await this.settled()
    return this.cards.getByRole('heading', { level: 3 }).allTextContents()
  }

  async settled(): Promise<void> {
    await expect(this.cards.first()).toBeVisible()
    await expect(this.page.locator('[aria-busy=true]')).toHaveCount(0)
  }

  card(title: string | RegExp): Locator {
    return this.cards.filter({ has: this.page.getByRole('heading', { name: title }) }).first()
  }

  async openProduct(title: string | RegExp): Promise<void> {
    await this.card(title).getByRole('link').click()
    await expect(this.page.getByRole('heading', { level: 1, name: title })).toBeVisible()
  }

  async openSettings(): Promise<void> {
    await this.page.getByRole('button', { name: say.settings }).click()
    const advanced = this.page.getByText(say.advanced, { exact: true })
    await expect(advanced).toBeVisible()
    if (!(await this.page.getByLabel(say.threshold).isVisible())) await advanced.click()
    await expect(this.page.getByLabel(say.threshold)).toBeVisible()
  }
}

interface Fixtures {
  shop: Shop
  gateway: Gateway
  complaints: string[]
}

/**
 * Chromium says the first of every answer that is no success; what the page makes of it is for the tests. The
 * second is of Playwright's recorder, which fetches the pictures that a page made itself: the page never does.
 */
const NOT_THE_PAGES = /^Failed to load resource|^Connecting to 'blob:/

export const test = base.extend<Fixtures>({
  /** Errors that nobody caught, and what the page's own rules forbid, fail whichever test met them. */
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error' && !NOT_THE_PAGES.test(message.text())) complaints.push(message.text())
      })
      await use(complaints)
      expect(complaints).toEqual([])
    },
    { auto: true },
  ],
  shop: async ({ page }, use) => use(new Shop(page)),
  gateway: async ({ baseURL }, use) => {
    const gateway = new Gateway(baseURL ?? '')
    await use(gateway)
    gateway.thaw() // a test that failed may have left it frozen for the next
    await gateway.untilReady()
  },
})
