import { expect, say, test } from './support/shop'

test('a gateway that falls over in the middle of a search is waited for', async ({ shop, page, gateway }) => {
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  gateway.freeze()
  await shop.search('green floral dress')
  // While it says nothing, no old answer stands under the new question.
  await expect(page.getByRole('heading', { level: 2, name: say.loading })).toBeVisible()
  await expect(page.getByText(say.strong)).toHaveCount(0)
  await expect(page.getByRole('progressbar', { name: say.loading })).toBeVisible()
  await expect(shop.cards).toHaveCount(0)
  await expect(page.getByText(say.slow).first()).toBeVisible()
  gateway.kill()
  // Another is started on the same socket, and the browser asks it again by itself.
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0, { timeout: 45_000 })
  if (await shop.alert.isVisible()) await page.getByRole('button', { name: say.retry }).click()
  await expect.poll(async () => (await shop.titles())[0]).toMatch(/dress/i)
})

test('a gateway that answers nothing any more is said to be too slow, and can be tried again', async ({ shop, page, gateway }) => {
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  gateway.freeze()
  await shop.search('green floral dress')
  await expect(shop.alert).toContainText(say.failures.slow, { timeout: 30_000 })
  gateway.thaw()
  await page.getByRole('button', { name: say.retry }).click()
  expect((await shop.titles())[0]).toMatch(/dress/i)
})

test('a gateway that is away is asked again by the page, until it is back', async ({ shop, page, gateway }) => {
  await page.route('**/search', (route) => route.fulfill({ status: 503, json: { detail: 'starting' } }))
  await shop.open('/?q=red+striped+mug')
  await expect(shop.alert).toContainText(say.retrying)
  await page.unroute('**/search')
  await gateway.untilReady()
  await expect.poll(async () => (await shop.titles())[0]).toMatch(/mug/i)
  await expect(shop.alert).toHaveCount(0)
})

test('one that was only slow shows its answer when it comes', async ({ shop, gateway }) => {
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  gateway.freeze()
  await shop.search('yellow umbrella')
  await expect(shop.page.locator('[aria-busy=true]').first()).toBeVisible()
  gateway.thaw()
  await expect.poll(async () => (await shop.titles())[0]).toMatch(/umbrella/i)
})

test('an error shows what to do and the id that finds it in the logs', async ({ shop, page }) => {
  const refused = page.waitForResponse('**/products/none-such')
  await shop.open('/product/none-such')
  expect((await refused).status()).toBe(404)
  await page.route('**/search', (route) => route.continue({ postData: { query: 'mug', k: 1000 } }))
  const answer = page.waitForResponse('**/search')
  await shop.open('/?q=red+striped+mug')
  const { instance } = await (await answer).json()
  await expect(shop.alert).toContainText(say.failures.refused)
  await expect(shop.alert).toContainText(instance)
  await page.unroute('**/search')
  await page.getByRole('button', { name: say.retry }).click()
  expect((await shop.titles())[0]).toMatch(/mug/i)
})

test('without a network the page says so, keeps what was found, and goes on by itself', async ({ shop, page, context }) => {
  await shop.open('/?q=red+striped+mug')
  const before = await shop.titles()
  await context.setOffline(true)
  await expect(page.getByText(say.offline)).toBeVisible()
  expect(await shop.titles()).toEqual(before)
  await shop.search('green floral dress')
  await expect(shop.alert).toContainText(say.failures.offline)
  await context.setOffline(false)
  await expect.poll(async () => (await shop.titles())[0]).toMatch(/dress/i)
})
