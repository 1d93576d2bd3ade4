/** Small windows, another direction of reading, no mouse, no movement. */
import { arabic } from './support/words'
import { expect, say, test, type Shop } from './support/shop'

const PAGES = ['/', '/?q=mug&f.color=red&f.pattern=striped&weak=on', '/?q=red+striped+mug', '/?q=red+striped+mug&least=0.95', '/product/sample-0018', '/nowhere-at-all/']

/** Nobody should have to scroll sideways. */
const overflow = (shop: Shop): Promise<number> =>
  shop.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

for (const width of [180, 240, 320, 768, 1280, 2560])
  test(`at ${width} pixels nothing is wider than the window`, async ({ shop, page }) => {
    await page.setViewportSize({ width, height: 800 })
    for (const address of PAGES) {
      await shop.open(address)
      await page.waitForLoadState('networkidle')
      expect(await overflow(shop), address).toBeLessThanOrEqual(0)
    }
  })

test('on a phone with text of 150 % a person reads what is searched for, and titles without broken words', async ({ shop, page }) => {
  await page.setViewportSize({ width: 240, height: 500 })
  for (const address of PAGES) {
    await shop.open(address)
    await expect(shop.box).toBeVisible()
    expect(await shop.box.evaluate((box) => box.clientWidth), address).toBeGreaterThanOrEqual(80)
  }
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  expect((await shop.cards.first().boundingBox())?.width).toBeGreaterThan(200)
})

test.describe('at 320 pixels', () => {
  test.use({ viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true })

  test('a person searches, filters, sorts and opens a product @short', async ({ shop, page }) => {
    await shop.open()
    await shop.search('red striped mug')
    await shop.settled()
    await page.getByRole('button', { name: say.filters }).tap()
    const sheet = page.getByRole('dialog', { name: say.filters })
    await sheet.getByRole('group', { name: 'Colour', exact: true }).getByRole('checkbox', { name: /^red/ }).check()
    await sheet.getByRole('button', { name: /^Show \d+ products/ }).tap()
    await expect(sheet).toBeHidden()
    await expect(page.getByRole('button', { name: `${say.filters} 1` })).toBeFocused()
    await page.getByLabel(say.sort).selectOption(say.sorts.price_asc)
    await shop.settled()
    await shop.card(/mug/i).getByRole('link').tap()
    await expect(page.getByRole('heading', { level: 1, name: /mug/i })).toBeVisible()
    expect(await overflow(shop)).toBeLessThanOrEqual(0)
  })

  test('filters scroll between the head and the foot of their sheet, which stay', async ({ shop, page }) => {
    await shop.open('/?q=mug&f.color=red')
    await shop.settled()
    await page.getByRole('button', { name: `${say.filters} 1` }).tap()
    const sheet = page.getByRole('dialog', { name: say.filters })
    await expect(sheet.getByRole('checkbox').first()).toBeVisible()
    expect(await sheet.evaluate((one) => one.scrollHeight - one.clientHeight)).toBeLessThanOrEqual(0)
  })

  test('what is touched is large enough to touch', async ({ shop, page }) => {
    for (const address of PAGES.slice(0, 5)) {
      await shop.open(address)
      await page.waitForLoadState('networkidle')
      const small = await page.getByRole('button').or(page.getByRole('link')).evaluateAll((all) =>
        all
          .filter((one) => one.checkVisibility() && getComputedStyle(one).display !== 'inline')
          .map((one) => ({ name: one.ariaLabel ?? one.textContent, box: one.getBoundingClientRect() }))
          .filter(({ box }) => box.width > 0 && Math.min(box.width, box.height) < 24)
          .map(({ name, box }) => `${name ?? ''} ${box.width} × ${box.height}`),
      )
      expect(small, address).toEqual([])
    }
  })
})

test('settings stand beside what the search is made of, however much that is', async ({ shop, page }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  await shop.open('/?q=mug+without+striped&unlike=sample-0300&like=sample-0018')
  await shop.settled()
  const settings = await page.getByRole('button', { name: say.settings }).boundingBox()
  // Beside the last of it, where all of that takes more than a row.
  const last = await page.getByRole('button', { name: say.withoutAdd }).boundingBox()
  expect(Math.abs((settings?.y ?? 0) - (last?.y ?? 1_000))).toBeLessThan(12)
})

test('in Arabic the page reads from right to left, and finds the same', async ({ shop, page }) => {
  await shop.open('/?q=red+striped+mug')
  const titles = await shop.titles()
  await page.getByLabel(say.language).selectOption('ar')
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl')
  await expect(page.locator('html')).toHaveAttribute('lang', 'ar')
  await expect(page.getByRole('combobox', { name: arabic.searchLabel })).toHaveValue('red striped mug')
  expect(await shop.titles()).toEqual(titles)
  const [first, second] = [await shop.cards.nth(0).boundingBox(), await shop.cards.nth(1).boundingBox()]
  expect(first?.x ?? 0).toBeGreaterThan(second?.x ?? 0)
  await page.reload()
  await expect(page.getByRole('combobox', { name: arabic.searchLabel })).toBeVisible()
  for (const address of PAGES) {
    await shop.open(address)
    await page.waitForLoadState('networkidle')
    expect(await overflow(shop), address).toBeLessThanOrEqual(0)
  }
})

test('by keys alone a person finds a product, looks at it and comes back', async ({ shop, page }) => {
  await shop.open()
  await page.keyboard.press('/')
  await page.keyboard.type('red striped mug')
  await page.keyboard.press('Enter')
  const title = (await shop.titles())[0] ?? ''
  const card = shop.card(title).getByRole('link')
  await tabTo(shop, say.moreInfoOn(title))
  await expect(card).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeFocused()
  await page.goBack()
  await expect(card).toBeVisible()
})

test('the skip link comes first and leads to the results', async ({ shop, page }) => {
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  await page.keyboard.press('Tab')
  const skip = page.getByRole('link', { name: say.skip })
  await expect(skip).toBeFocused()
  await expect(skip).toBeInViewport()
  await page.keyboard.press('Enter')
  await expect(page.locator('#results')).toBeFocused()
})

test('whoever wants no movement gets none', async ({ shop, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  await shop.cards.first().hover()
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0)
})

test('colours are what the system says, until a person says otherwise', async ({ shop, page }) => {
  await page.emulateMedia({ colorScheme: 'dark' })
  await shop.open()
  const html = page.locator('html')
  await expect(html).toHaveAttribute('data-theme', 'dark')
  await page.getByRole('button', { name: say.light }).click()
  await expect(html).toHaveAttribute('data-theme', 'light')
  await page.reload()
  await expect(html).toHaveAttribute('data-theme', 'light')
})

/** Press Tab until what has this name has the focus; a page that never gives it fails. */
async function tabTo(shop: Shop, name: string): Promise<void> {
  const focused = () => shop.page.evaluate(() => document.activeElement?.ariaLabel ?? document.activeElement?.textContent)
  for (let presses = 0; presses < 120 && (await focused()) !== name; presses++) await shop.page.keyboard.press('Tab')
}
