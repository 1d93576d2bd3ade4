/** Parts of the page that are fetched when they are wanted, and cannot be. */
import { gate } from './support/gate'
import { expect, say, test } from './support/shop'

const PRODUCT_PART = '**/assets/product-page*'

test('without a network a product says so in its place, back works, and it comes when the network does', async ({
  shop,
  page,
  context,
}) => {
  await page.route(PRODUCT_PART, (route) => route.abort())
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  await context.setOffline(true)
  await shop.cards.first().getByRole('link').click()
  await expect(shop.alert).toContainText(say.failures.offline)
  await page.goBack()
  await expect(shop.cards.first()).toBeVisible()
  await page.goForward()
  await expect(shop.alert).toContainText(say.failures.offline)
  await page.unroute(PRODUCT_PART)
  await context.setOffline(false)
  await expect(page.getByRole('heading', { level: 1, name: /mug/i })).toBeVisible()
})

test('after a deployment the page reloads once, and shows what was wanted', async ({ shop, page }) => {
  let visits = 0
  page.on('request', (request) => {
    if (request.isNavigationRequest()) visits += 1
  })
  await page.route(PRODUCT_PART, (route) => (visits < 2 ? route.fulfill({ status: 404 }) : route.continue()))
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  await shop.cards.first().getByRole('link').click()
  await expect(page.getByRole('heading', { level: 1, name: /mug/i })).toBeVisible()
  expect(visits).toBe(2)
})

test('a part that is gone for good is said to be, and the page does not reload for ever', async ({ shop, page }) => {
  await page.route(PRODUCT_PART, (route) => route.fulfill({ status: 404 }))
  await shop.open('/product/sample-0018')
  await expect(shop.alert).toContainText(say.failures.broken)
  await page.unroute(PRODUCT_PART)
  await page.getByRole('button', { name: say.retry }).click()
  await expect(page.getByRole('heading', { level: 1, name: /mug/i })).toBeVisible()
})

test('parts come while the page is idle, so that the next step needs no network', async ({ shop, page, context }) => {
  const fetched = page.waitForResponse(/assets\/product-page/)
  const settings = page.waitForResponse(/assets\/settings-panel/)
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  await Promise.all([fetched, settings])
  await context.setOffline(true)
  await shop.openSettings()
})

test('suggestions that come while somebody types take nothing of it', async ({ shop, page }) => {
  const [held, release] = gate()
  await page.route('**/assets/suggestion-list*', async (route) => {
    await held
    await route.continue()
  })
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  await shop.box.selectText()
  await expect(page.locator('#suggestions')).toHaveCount(0)
  release()
  await expect(page.locator('#suggestions')).toBeAttached()
  await page.keyboard.insertText('green dress')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\?q=green\+dress$/)
})
