/** Every state of the page with any catalogue: in light and dark, with forced colours, narrow and wide. */
import type { Page } from '@playwright/test'

import { expectAccessible } from './support/accessibility'
import { choose } from './support/pictures'
import { expect, say, Shop, test } from './support/shop'

const WIDTHS = [320, 1280] as const

/** The first card's picture as a file: somebody searches with a picture of something that is sold. */
async function pictureOfFirst(page: Page): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const address = await page.getByRole('article').first().getByRole('img').evaluate((one) => (one as HTMLImageElement).currentSrc)
  const response = await page.request.get(address)
  return { name: 'picture', mimeType: response.headers()['content-type'] ?? 'image/webp', buffer: await response.body() }
}

/** Nothing is cut off or wider than the window, and axe finds nothing. */
async function expectSound(page: Page, forced: boolean): Promise<void> {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
  expect(content, 'wider than the window').toBeLessThanOrEqual(window ?? 0)
  // With forced colours the system sees to contrast, and its colours are not the page's.
  if (!forced) await expectAccessible(page)
  const pictures = page.getByRole('main').getByRole('img').filter({ visible: true })
  if ((await pictures.count()) > 0)
    await expect.poll(() => pictures.first().evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBeGreaterThan(0)
}

async function firstCategory(shop: Shop): Promise<void> {
  await shop.open()
  const tiles = shop.page.getByRole('region', { name: say.browseTitle })
  await expect(tiles).toHaveAttribute('aria-busy', 'false')
  await tiles.getByRole('link').first().click()
  await shop.settled()
}

for (const width of WIDTHS)
  for (const forced of [false, true])
    test.describe(`${width} pixels wide${forced ? ', with forced colours' : ', in light and dark'}`, () => {
      test.use({ viewport: { width, height: 800 }, ...(width < 400 && { isMobile: true, hasTouch: true }) })

      test('from the first visit to a product, with words, a picture, and both', async ({ shop, page }) => {
        test.setTimeout(150_000)
        const sound = () => expectSound(page, forced)
        if (forced) await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark' })
        await firstCategory(shop)
        await sound()
        const picture = await pictureOfFirst(page)
        const title = (await shop.titles())[0] ?? ''
        await shop.open()
        await sound()
        await shop.search(title)
        await shop.settled()
        await expect(shop.card(title)).toBeVisible()
        await sound()
        await shop.openSettings()
        await sound()
        await choose(page, picture)
        await expect(page.getByRole('list', { name: say.searchedWith })).toContainText(title.slice(0, 20))
        await shop.settled()
        await sound()
        await page.getByRole('button', { name: say.cropOpen }).click()
        await expect(page.getByRole('heading', { name: say.cropTitle })).toBeVisible()
        await sound()
        await page.getByRole('button', { name: say.cropDone }).click()
        await shop.cards.first().getByRole('link').click()
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
        await page.waitForLoadState('networkidle')
        await sound()
        await page.getByRole('button', { name: new RegExp(`^${say.zoomOpen('').trim()}`) }).click()
        await expect(page.getByRole('dialog')).toBeVisible()
        await sound()
        await page.keyboard.press('Escape')
        await expect(page.getByRole('dialog')).toBeHidden()
        await shop.search('xqzvbn wrtpl')
        await expect(page.getByText(say.emptyTitle).first()).toBeVisible()
        await sound()
      })

      if (width < 400)
        test('the sheet of filters', async ({ shop, page }) => {
          if (forced) await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark' })
          await firstCategory(shop)
          await page.getByRole('button', { name: new RegExp(`^${say.filters}`) }).tap()
          await expect(page.getByRole('dialog', { name: say.filters })).toBeVisible()
          await expectSound(page, forced)
        })
    })

test('the sheet of filters leaves room for them where the page is magnified four times', async ({ browser, baseURL }) => {
  const page = await browser.newPage({ viewport: { width: 320, height: 225 }, ...(baseURL && { baseURL }) })
  const shop = new Shop(page)
  await firstCategory(shop)
  await page.getByRole('button', { name: new RegExp(`^${say.filters}`) }).click()
  const sheet = page.getByRole('dialog', { name: say.filters })
  const last = sheet.getByRole('checkbox').last()
  await last.scrollIntoViewIfNeeded()
  await expect(last).toBeInViewport()
  await expect(sheet.getByRole('heading')).not.toBeInViewport()
  const button = await sheet.getByRole('button', { name: /^Show \d.*product/ }).boundingBox()
  expect(button?.y).toBeGreaterThan(150)
  expect((button?.y ?? 0) + (button?.height ?? 0)).toBeLessThanOrEqual(225)
  await page.close()
})

test('the first visit shows categories and words of this catalogue, and each word finds something close', async ({ shop, page }) => {
  await shop.open()
  const examples = page.getByRole('region', { name: say.examplesTitle }).getByRole('button')
  await expect(examples.first()).toBeVisible()
  const words = await examples.allTextContents()
  for (const one of words) {
    await shop.open(`/?q=${encodeURIComponent(one)}`)
    await shop.settled()
    await expect(shop.strong.first(), one).toBeVisible()
  }
})
