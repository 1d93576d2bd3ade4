import { choose, pictureOf } from './support/pictures'
import { expect, say, Shop, test } from './support/shop'

const FULL =
  '/?q=mug&k=50&least=0.2&words=0.25&rewrite=off&weak=on&sort=price_desc&f.color=red&f.color=navy&stock=on&min=5&max=30'

test('an address holds the whole search: opened, every control says what it says', async ({ shop, page }) => {
  await shop.open(FULL)
  await shop.settled()
  await expect(shop.box).toHaveValue('mug')
  await expect(page.getByLabel(say.sort)).toHaveValue('price_desc')
  const colours = page.getByRole('group', { name: 'Colour', exact: true })
  await expect(colours.getByRole('checkbox', { name: /^red/ })).toBeChecked()
  await expect(colours.getByRole('checkbox', { name: /^navy/ })).toBeChecked()
  await expect(page.getByRole('checkbox', { name: say.inStock })).toBeChecked()
  await expect(page.getByRole('spinbutton', { name: say.priceFrom })).toHaveValue('5')
  await expect(page.getByRole('spinbutton', { name: say.priceTo })).toHaveValue('30')
  await shop.openSettings()
  await expect(page.getByLabel(say.results)).toHaveValue('50')
  await expect(page.getByLabel(say.threshold)).toHaveValue('0.2')
  await expect(page.getByLabel(say.rewriting)).not.toBeChecked()
  await expect(page.getByLabel(say.weak)).toBeChecked()
})

test('an address that is sent to somebody shows them the same', async ({ shop, page, browser }) => {
  await shop.open('/?q=striped+mug')
  await shop.settled()
  await page.getByRole('group', { name: 'Colour', exact: true }).getByRole('checkbox', { name: /^red/ }).check()
  await expect(page).toHaveURL(/f\.color=red/)
  const here = await shop.titles()
  const other = new Shop(await browser.newPage())
  await other.open(page.url())
  expect(await other.titles()).toEqual(here)
  await other.page.close()
})

test('a search by picture can be sent to somebody who does not have it', async ({ shop, page, browser }) => {
  await shop.open()
  await choose(page, pictureOf('sample-0018'))
  const here = await shop.titles()
  const other = new Shop(await browser.newPage())
  await other.open(page.url())
  expect(await other.titles()).toEqual(here)
  await expect(other.page.getByText(say.sharedPicture, { exact: true })).toBeVisible()
  await other.page.close()
})

test('a picture that is good no more is said to be, with the way on', async ({ shop, page }) => {
  await shop.open('/?picture=AAAA')
  await expect(shop.alert).toContainText(say.failures.expired)
  await page.getByRole('button', { name: say.removePicture }).click()
  await expect(page.getByRole('heading', { name: say.tagline })).toBeVisible()
})

test('back and forward walk through searches and their filters', async ({ shop, page }) => {
  await shop.open()
  await shop.search('red striped mug')
  const mugs = await shop.titles()
  await page.getByRole('group', { name: 'Colour', exact: true }).getByRole('checkbox', { name: /^navy/ }).check()
  await expect(page).toHaveURL(/navy/)
  await shop.settled()
  await shop.search('green floral dress')
  await expect.poll(async () => (await shop.titles())[0]).toMatch(/navy|dress/i)
  await page.goBack()
  await expect(shop.box).toHaveValue('red striped mug')
  await expect(page.getByRole('checkbox', { name: /^navy/ })).toBeChecked()
  await page.goBack()
  await expect.poll(() => shop.titles()).toEqual(mugs)
  await page.goBack()
  await expect(page.getByRole('heading', { name: say.tagline })).toBeVisible()
  await page.goForward()
  await expect(shop.box).toHaveValue('red striped mug')
  await expect.poll(() => shop.titles()).toEqual(mugs)
})

test('words that mean something to an address arrive as they were typed', async ({ shop, page }) => {
  const words = '50% off & more + #1 = “mug”? كوب'
  await shop.open()
  await shop.search(words)
  await expect(page).toHaveURL(/\?q=/)
  await page.reload()
  await expect(shop.box).toHaveValue(words)
})
