import { test as base, expect, type Locator, type Page } from '@playwright/test'

import { english as say } from '../../src/i18n/messages'
import { Gateway } from './gateway'

export { expect, say }

/** The page, as somebody who shops with it sees it: by roles and names, never by classes. */
export class Shop {
  readonly box: Locator
  readonly status: Locator
  readonly cards: Locator

  constructor(readonly page: Page) {
    this.box = page.getByRole('searchbox', { name: say.searchLabel })
    this.status = page.getByRole('status')
    this.cards = page.getByRole('article')
  }

  async open(address = '/'): Promise<void> {
    await this.page.goto(address)
  }

  async search(words: string): Promise<void> {
    await this.box.fill(words)
    await this.box.press('Enter')
  }

  /** Titles of the results, in order, once there are any. */
  async titles(): Promise<string[]> {
    await expect(this.cards.first()).toBeVisible()
    return this.cards.getByRole('heading', { level: 2 }).allTextContents()
  }

  card(title: string | RegExp): Locator {
    return this.cards.filter({ has: this.page.getByRole('heading', { name: title }) })
  }

  async openProduct(title: string | RegExp): Promise<void> {
    await this.card(title).getByRole('link').first().click()
  }
}

interface Fixtures {
  shop: Shop
  gateway: Gateway
  complaints: string[]
}

/** Chromium says so of every answer that is no success; what the page makes of it is for the tests. */
const NOT_THE_PAGES = /^Failed to load resource/

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
    await gateway.untilReady()
  },
})
