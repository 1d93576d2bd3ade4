import { proxyBelow } from './support/proxy'
import { expect, say, test } from './support/shop'

/** Another proxy, such as nginx in front of the stack, may be named: its page, with the path. */
const NAMED = process.env['PREFIXED_URL']

test('below a path behind a proxy, page, pictures, API and docs work @short', async ({ shop, page, baseURL }) => {
  const proxy = NAMED ? { url: NAMED, close: () => undefined } : await proxyBelow('/shop', baseURL ?? '')
  const path = new URL(proxy.url).pathname
  const outside: string[] = []
  page.on('request', (request) => {
    const address = new URL(request.url())
    if (address.host === new URL(proxy.url).host && !address.pathname.startsWith(path)) outside.push(request.url())
  })

  await shop.open(proxy.url)
  await shop.search('red striped mug')
  await expect(page).toHaveURL(`${proxy.url}?q=red+striped+mug`)
  await expect(shop.card(/mug/i).getByRole('img').first()).toHaveJSProperty('complete', true)
  const picture = shop.card(/mug/i).getByRole('img').first()
  expect(await picture.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBeGreaterThan(0)

  await page.getByRole('link', { name: say.skip }).press('Enter')
  await expect(page.locator('#results')).toBeFocused()
  await expect(page).toHaveURL(`${proxy.url}?q=red+striped+mug`)
  await expect(shop.box).toHaveValue('red striped mug')

  await shop.openProduct(/mug/i)
  await expect(page).toHaveURL(new RegExp(`^${proxy.url}product/`))
  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: /mug/i })).toBeVisible()
  await page.getByRole('link', { name: say.toSearch }).or(page.getByRole('link', { name: say.back })).click()
  await expect(page).toHaveURL(new RegExp(`^${proxy.url}(\\?|$)`))

  // An id with a slash, opened by its address.
  await shop.open(`${proxy.url}product/odd%2Fslash%3Fand%23more`)
  await expect(page.getByRole('heading', { level: 1, name: 'Oddity with an awkward id' })).toBeVisible()

  await shop.open(`${proxy.url}no/such/page`)
  await expect(page.getByRole('heading', { name: say.notFound })).toBeVisible()

  await shop.open(`${proxy.url}docs`)
  await expect(page.getByText('/predict-image', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'GET /health', exact: false }).first().click()
  await page.getByRole('button', { name: 'Execute' }).click()
  await expect(page.getByText(`${new URL(proxy.url).origin}${path}health`).first()).toBeVisible()
  await expect(page.getByText('"status": "alive"').first()).toBeVisible()
  expect(outside).toEqual([])
  proxy.close()
})
