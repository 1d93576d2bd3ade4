/** axe finds nothing in any state of any page, in light and in dark. */
import { expectAccessible } from './support/accessibility'
import { gate } from './support/gate'
import { choose, pictureOf } from './support/pictures'
import { arabic } from './support/words'
import { expect, say, test } from './support/shop'

test('first visit, and recent searches @short', async ({ shop, page }) => {
  await shop.open()
  await page.waitForLoadState('networkidle')
  await expectAccessible(page)
  await shop.search('red mug')
  await shop.settled()
  await shop.open()
  await expect(page.getByRole('button', { name: say.forget })).toBeVisible()
  await expectAccessible(page)
})

test('results, with settings open, filters on and notes', async ({ shop, page }) => {
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  await expectAccessible(page)
  await shop.openSettings()
  await expectAccessible(page)
  await shop.open('/?q=striped+mug+without+plain&f.color=red&stock=on&min=5&weak=on')
  await shop.settled()
  await expectAccessible(page)
  await shop.open('/?q=I+need+something+purple+with+zigzags+for+my+cold+head')
  await expect(page.getByText(say.rewritten)).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: say.withoutAdd }).click()
  await expectAccessible(page)
})

test('waiting, for the first answer and for another', async ({ shop, page, gateway }) => {
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  const [held, release] = gate()
  await page.route('**/search', async (route) => {
    await held
    await route.continue()
  })
  await shop.search('green dress')
  await expect(page.locator('[aria-busy=true]').first()).toBeVisible()
  await expectAccessible(page)
  await page.reload()
  await expect(page.locator('[aria-busy=true]').first()).toBeVisible()
  await expectAccessible(page)
  release()
  await page.unrouteAll({ behavior: 'wait' })
  await gateway.untilReady()
})

test('no good match, and nothing behind the filters', async ({ shop, page }) => {
  for (const [address, text] of [
    ['/?q=mug&least=0.95', say.emptyRemoveThreshold],
    ['/?q=mug&min=9999', say.emptyFilters],
  ] as const) {
    await shop.open(address)
    await expect(page.getByText(text)).toBeVisible()
    await expectAccessible(page)
  }
})

test('errors: refused, offline, an expired picture, a file that is none', async ({ shop, page, context }) => {
  await page.route('**/search', (route) => route.continue({ postData: { query: 'mug', k: 1000 } }))
  await shop.open('/?q=red+striped+mug')
  await expect(shop.alert).toContainText(say.failures.refused)
  await expectAccessible(page)
  await page.unroute('**/search')
  await context.setOffline(true)
  await shop.search('green dress')
  await expect(shop.alert).toContainText(say.failures.offline)
  await expectAccessible(page)
  await context.setOffline(false)
  await shop.open('/?picture=AAAA')
  await expect(shop.alert).toContainText(say.failures.expired)
  await expectAccessible(page)
  await choose(page, pictureOf('../products').replace('.webp', '.csv'))
  await expect(page.getByText(say.pictureWrongType)).toBeVisible()
  await expectAccessible(page)
})

test('a picture, its frame, and words beside it', async ({ shop, page }) => {
  await shop.open()
  await choose(page, pictureOf('sample-0018'))
  await shop.settled()
  await expectAccessible(page)
  await page.getByRole('button', { name: say.cropOpen }).click()
  await expect(page.getByRole('heading', { name: say.cropTitle })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: say.cropDone }).click()
  await shop.search('blue')
  await shop.openSettings()
  await shop.settled()
  await expectAccessible(page)
})

test('a product, one that lacks everything, and one that is not there', async ({ shop, page }) => {
  for (const address of ['/product/sample-0018', '/product/odd-plain', '/product/odd-long', '/product/odd-gone']) {
    await shop.open(address)
    await page.waitForLoadState('networkidle')
    await expect(page.getByRole('region', { name: say.similarWords }).getByRole('article').first()).toBeVisible()
    await expectAccessible(page)
  }
  await shop.open('/product/none-such')
  await expect(shop.alert).toBeVisible()
  await expectAccessible(page)
})

test('a product that is loading, and one whose similar products cannot be loaded', async ({ shop, page }) => {
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  const [held, release] = gate()
  await page.route(/\/products\//, async (route) => {
    await held
    // No failure that passes: the page would ask again by itself, and the button go away.
    await (route.request().url().includes('/similar') ? route.fulfill({ status: 500, body: '{}' }) : route.continue())
  })
  await shop.cards.first().getByRole('link').click()
  await expect(page.getByText(say.loadingProduct)).toBeAttached()
  await expectAccessible(page)
  release()
  await expect(page.getByText(say.similarFailed).first()).toBeVisible()
  await expectAccessible(page)
  await page.unrouteAll({ behavior: 'wait' })
  await page.getByRole('button', { name: say.retry }).first().click()
  await expect(page.getByRole('region', { name: say.similarLook }).getByRole('article')).toHaveCount(6)
})

test('an address that leads nowhere', async ({ page }) => {
  const response = await page.goto('/lamps/red')
  expect(response?.status()).toBe(404)
  await expect(page.getByRole('heading', { level: 1, name: say.notFound })).toBeVisible()
  await expectAccessible(page)
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true })

  test('results, the sheet of filters, a product', async ({ shop, page }) => {
    await shop.open('/?q=red+striped+mug')
    await shop.settled()
    await expectAccessible(page)
    await page.getByRole('button', { name: say.filters }).tap()
    await expect(page.getByRole('dialog', { name: say.filters })).toBeVisible()
    await expectAccessible(page)
    await shop.open('/product/sample-0018')
    await page.waitForLoadState('networkidle')
    await expectAccessible(page)
  })
})

test('from right to left', async ({ shop, page }) => {
  await shop.open('/?q=red+striped+mug')
  await page.getByLabel(say.language).selectOption('ar')
  await expect(page.getByRole('combobox', { name: arabic.searchLabel })).toBeVisible()
  await shop.settled()
  await expectAccessible(page)
  await shop.cards.first().getByRole('link').click()
  await expect(page.getByRole('region', { name: arabic.similarWords }).getByRole('article').first()).toBeVisible()
  await expectAccessible(page)
  await shop.open()
  await page.waitForLoadState('networkidle')
  await expectAccessible(page)
})
