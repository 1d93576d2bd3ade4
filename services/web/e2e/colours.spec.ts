/** Themes, colours that the system forces, and paper. */
import { expect, say, Shop, test } from './support/shop'
import { arabic } from './support/words'
import type { Page } from '@playwright/test'

/** Mean of red, green and blue at the middle of a product's picture, as it is drawn. */
async function brightness(page: Page, selector: string): Promise<number> {
  const png = (await page.locator(selector).first().screenshot({ animations: 'disabled' })).toString('base64')
  return page.evaluate(async (base64) => {
    const image = new Image()
    image.src = `data:image/png;base64,${base64}`
    await image.decode()
    const drawing = new OffscreenCanvas(image.width, image.height).getContext('2d')
    if (!drawing) throw new Error('nothing to draw on')
    drawing.drawImage(image, 0, 0)
    const { data } = drawing.getImageData(0, 0, image.width, image.height)
    return data.reduce((sum, value, at) => sum + (at % 4 === 3 ? 0 : value), 0) / (data.length * 0.75)
  }, png)
}

for (const colorScheme of ['light', 'dark'] as const)
  test(`with forced colours pictures and swatches keep theirs, in ${colorScheme}`, async ({ shop, page }) => {
    await page.emulateMedia({ forcedColors: 'active', colorScheme })
    await shop.open('/?q=red+striped+mug')
    await shop.settled()
    expect(await brightness(page, 'article img')).toBeGreaterThan(100)
    const swatch = page.getByRole('group', { name: say.fields.color ?? '', exact: true }).locator('li span[aria-hidden]').first()
    const [wanted, drawn] = await swatch.evaluate((one) => [(one as HTMLElement).style.backgroundColor, getComputedStyle(one).backgroundColor])
    const named = await page.evaluate((colour) => {
      const probe = document.createElement('i')
      probe.style.cssText = `color:${colour};forced-color-adjust:none`
      document.body.append(probe)
      return getComputedStyle(probe).color
    }, wanted ?? '')
    expect(drawn).toBe(named)
  })

test('with forced colours buttons have an edge, and one picture of several is the chosen one', async ({ shop, page }) => {
  await page.emulateMedia({ forcedColors: 'active' })
  const other = (await (await page.request.get('/products/sample-0001')).json()) as { image_url: string }
  await page.route('**/products/sample-0018', async (route) => {
    const response = await route.fetch()
    const product = (await response.json()) as { attributes: Record<string, string> }
    const attributes = { ...product.attributes, more_images: other.image_url }
    await route.fulfill({ response, json: { ...product, attributes } })
  })
  await shop.open('/product/sample-0018')
  const edge = (one: Element) => getComputedStyle(one).borderTopColor
  const search = page.getByRole('button', { name: say.search, exact: true })
  const colour = await search.evaluate((one) => getComputedStyle(one).color)
  expect(await search.evaluate(edge)).toBe(colour)
  const pictures = page.getByRole('list', { name: say.morePictures }).getByRole('button')
  await expect(pictures).toHaveCount(2)
  const [chosen, beside] = await pictures.evaluateAll((all) => all.map((one) => getComputedStyle(one).borderTopColor))
  expect(chosen).not.toBe(beside)
})

test('who likes it dark sees no white before the page is there', async ({ browser, baseURL }) => {
  for (const [colorScheme, stored] of [['dark', null], ['light', '"dark"']] as const) {
    const context = await browser.newContext({ colorScheme, ...(baseURL && { baseURL }) })
    if (stored) await context.addInitScript((value) => localStorage.setItem('theme', value), stored)
    const page = await context.newPage()
    // Nothing of the page's own code runs; its styles and its first line do.
    await page.route('**/assets/*.js', (route) => route.abort())
    await page.goto('/')
    const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    expect(background).not.toMatch(/rgb\(2[0-9]{2}|oklch\(0?\.9|oklch\(9/)
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
    await context.close()
  }
})

test('paper is light, with every picture, and without what nobody can press', async ({ shop, page }) => {
  await page.emulateMedia({ colorScheme: 'dark' })
  await shop.open('/?q=mug&k=50')
  await shop.settled()
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')))
  await expect(page.getByRole('heading', { level: 1, name: 'mug' })).toBeInViewport()
  await expect(page.getByRole('button')).toHaveCount(0)
  const html = await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)
  expect(html).toBe('light')
  await expect(page.getByRole('search')).toBeHidden()
  await expect(page.getByRole('banner')).toBeHidden()
  await expect
    .poll(() => page.locator('article img').evaluateAll((all) => all.filter((one) => !(one as HTMLImageElement).naturalWidth).length))
    .toBe(0)
})

test('paper has all of a product: what is like it too, and nothing that is cut off', async ({ shop, page }) => {
  await page.setViewportSize({ width: 794, height: 1123 })
  await shop.open('/product/sample-0018')
  const shelf = page.getByRole('region', { name: say.similarLook })
  await expect(shelf.getByRole('article')).toHaveCount(6)
  await page.emulateMedia({ media: 'print' })
  for (const card of await shelf.getByRole('article').all()) {
    const box = await card.boundingBox()
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(794)
  }
  await expect(page.getByRole('link', { name: say.visitShop })).toBeHidden()
  await expect(page.locator('article img').first()).toBeVisible()
})

test('a theme that is chosen in another tab is the theme of this one too', async ({ shop, page, context }) => {
  await shop.open()
  const other = await context.newPage()
  await other.goto('/')
  await other.getByRole('button', { name: say.dark }).click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
})

test('a language that is chosen in another tab is the language of this one too', async ({ shop, page, context }) => {
  await shop.open()
  const other = await context.newPage()
  await other.goto('/')
  await other.getByRole('combobox', { name: say.language }).selectOption('ar')
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl')
  await expect(page.getByRole('button', { name: arabic.search, exact: true })).toBeVisible()
})

test('the theme that was chosen stays with another visit', async ({ page }) => {
  const shop = new Shop(page)
  await shop.open()
  await page.getByRole('button', { name: say.dark }).click()
  await shop.open('/?q=mug')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
})
