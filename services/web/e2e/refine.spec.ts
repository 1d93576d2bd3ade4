import type { Locator } from '@playwright/test'

import { expect, say, test, type Shop } from './support/shop'

const SEARCH = '/?q=striped+mug'

const facet = (shop: Shop, field: string): Locator => shop.page.getByRole('group', { name: field, exact: true })

/** How many products the page says that it found. */
async function found(shop: Shop): Promise<number> {
  await shop.settled()
  const text = await shop.page.getByRole('heading', { level: 2, name: /^\d/ }).textContent()
  return Number(/^\d+/.exec(text ?? '')?.[0])
}

test('a facet counts what it would leave, and leaves just that', async ({ shop, page }) => {
  await shop.open(SEARCH)
  await shop.settled()
  const colours = facet(shop, say.fields.color ?? '')
  const red = colours.getByRole('checkbox', { name: /^red/ })
  const count = Number(/\d+/.exec(await colours.getByRole('listitem').filter({ has: page.getByText('red') }).innerText())?.[0])
  expect(count).toBeGreaterThan(1)
  await red.check()
  await expect.poll(() => found(shop)).toBe(count)
  await expect(page).toHaveURL(/f\.color=red/)
  const chips = page.getByRole('list', { name: say.activeFilters })
  await chips.getByRole('button', { name: say.removeFilter('Colour', 'red') }).click()
  await expect(red).not.toBeChecked()
  await expect.poll(() => found(shop)).toBeGreaterThan(count)
})

test('two values of a field widen, two fields narrow', async ({ shop }) => {
  await shop.open(`${SEARCH}&f.color=red`)
  const red = await found(shop)
  await facet(shop, say.fields.color ?? '').getByRole('checkbox', { name: /^navy/ }).check()
  await expect.poll(() => found(shop)).toBeGreaterThan(red)
  const both = await found(shop)
  await facet(shop, say.fields.category ?? '').getByRole('checkbox', { name: /^Mugs/ }).check()
  await expect.poll(() => found(shop)).toBeLessThan(both)
  for (const title of await shop.titles()) expect(title).toMatch(/mug/i)
})

test('a range of prices leaves out what costs less or more', async ({ shop, page }) => {
  await shop.open(SEARCH)
  await shop.settled()
  const price = facet(shop, say.fields.price ?? '')
  await price.getByLabel(say.priceFrom).fill('10')
  await price.getByRole('spinbutton', { name: say.priceTo }).fill('12')
  await price.getByRole('button', { name: say.priceApply }).click()
  await expect(page).toHaveURL(/min=10.*max=12|max=12.*min=10/)
  await shop.settled()
  for (const one of await prices(shop)) {
    expect(one).toBeGreaterThanOrEqual(10)
    expect(one).toBeLessThanOrEqual(12)
  }
  await price.getByLabel(say.priceFrom).fill('20')
  await price.getByRole('button', { name: say.priceApply }).click()
  await expect(shop.alert).toHaveText(say.priceLow)
})

test('sorted by price, the cheapest or the dearest comes first', async ({ shop, page }) => {
  await shop.open(SEARCH)
  await shop.settled()
  for (const [sort, direction] of [
    [say.sorts.price_asc, 1],
    [say.sorts.price_desc, -1],
  ] as const) {
    await page.getByLabel(say.sort).selectOption(sort)
    // The strong matches are in order; what is less close follows below its divider, in the same order.
    for (const part of [shop.strong, shop.lessClose])
      await expect.poll(async () => inOrder(await prices(shop, part), direction)).toBe(true)
  }
})

test('filters that nothing passes are named, and taken away at once', async ({ shop, page }) => {
  await shop.open(`${SEARCH}&min=999`)
  await expect(page.getByText(say.emptyFilters)).toBeVisible()
  await page.getByRole('main').getByRole('button', { name: say.filtersClear }).last().click()
  expect((await shop.titles()).length).toBeGreaterThan(0)
})

test('more products join those that are there, to the last one', async ({ shop, page }) => {
  await shop.open(`${SEARCH}&k=10&weak=on&f.color=red`)
  const all = await found(shop)
  expect(all).toBeGreaterThan(10)
  await expect(shop.cards).toHaveCount(10)
  const first = await shop.titles()
  const more = page.getByRole('button', { name: say.more })
  for (let pages = 1; pages * 10 < all; pages++) {
    await more.click()
    await expect(shop.cards).toHaveCount(Math.min(all, (pages + 1) * 10))
  }
  await expect(more).toBeHidden()
  expect((await shop.titles()).slice(0, 10)).toEqual(first)
})

test('a reload after more products were shown keeps them, and the place', async ({ shop, page }) => {
  await shop.open('/?q=mug&k=10')
  await shop.settled()
  for (const count of [20, 30]) {
    await page.getByRole('button', { name: say.more }).click()
    await expect(shop.cards).toHaveCount(count)
  }
  const title = (await shop.titles())[24] ?? ''
  await shop.card(title).scrollIntoViewIfNeeded()
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)))
  const place = await page.evaluate(() => window.scrollY)
  expect(place).toBeGreaterThan(800)
  await page.reload()
  await expect(shop.cards).toHaveCount(30)
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBeGreaterThan(place - 100)
  await expect(shop.card(title)).toBeInViewport()
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true })

  test('Back, and a press beside it, close the sheet of filters and keep what was ticked', async ({ shop, page }) => {
    await shop.open(SEARCH)
    await shop.settled()
    const sheet = page.getByRole('dialog', { name: say.filters })
    await page.getByRole('button', { name: say.filters }).tap()
    await facet(shop, say.fields.color ?? '').getByRole('checkbox', { name: /^red/ }).check()
    await page.goBack()
    await expect(sheet).toBeHidden()
    await expect(page).toHaveURL(/f\.color=red/)
    await page.goBack()
    await expect(page).not.toHaveURL(/f\.color=red/)
    await page.setViewportSize({ width: 600, height: 800 })
    await page.getByRole('button', { name: say.filters }).tap()
    await expect(sheet).toBeVisible()
    await page.mouse.click(40, 400)
    await expect(sheet).toBeHidden()
  })
})

test('an unknown filter in the address is left out with a note', async ({ shop, page }) => {
  await shop.open(`${SEARCH}&f.volume=1+l&f.color=red`)
  for (const title of await shop.titles()) expect(title).toMatch(/red/i)
  await expect(page.getByText(say.unknownFilters('volume'))).toBeVisible()
  await shop.open('/search/?q=red+striped+mug')
  expect((await shop.titles())[0]).toMatch(/red striped.*mug|mug.*red striped/i)
  await expect(shop.box).toHaveValue('red striped mug')
})

test('settings change the answer, and are put back at once', async ({ shop, page }) => {
  await shop.open('/?q=red+striped+mug')
  const usual = await shop.titles()
  await shop.openSettings()
  await page.getByLabel(say.results).selectOption('10')
  await expect(shop.cards).toHaveCount(10)
  await page.getByLabel(say.compareWords).uncheck()
  await expect(page).toHaveURL(/words=0/)
  const before = await scores(shop)
  const least = Math.floor(Math.max(...before) * 20) / 20
  await page.getByLabel(say.threshold).fill(String(least))
  await expect(page).toHaveURL(new RegExp(`least=${least}`))
  await expect.poll(() => scores(shop)).toEqual(before.filter((score) => score >= least))
  await page.getByRole('button', { name: say.settingsReset }).click()
  await expect.poll(() => shop.titles()).toEqual(usual)
})

async function scores(shop: Shop): Promise<number[]> {
  await shop.settled()
  const texts = await shop.cards.getByText(/^(Similarity )?[01]\.\d{3}$/).allTextContents()
  return texts.map((text) => Number(text.replace(/^\D*/, '')))
}

async function prices(shop: Shop, part = shop.cards): Promise<number[]> {
  await shop.settled()
  const texts = await part.getByText(/^€/).allTextContents()
  return texts.map((text) => Number(text.slice(1).replace(',', '')))
}

const inOrder = (values: number[], direction: 1 | -1): boolean =>
  values.length > 1 && values.every((one, place) => place === 0 || direction * (one - (values[place - 1] ?? 0)) >= 0)
