import { gate } from './support/gate'
import { expect, say, test } from './support/shop'

test('words find what they name, best first @short', async ({ shop, page }) => {
  await shop.open()
  await shop.search('red striped mug')
  for (const title of (await shop.titles()).slice(0, 3)) expect(title).toMatch(/mug.*red|red.*mug/i)
  await expect(page.getByRole('heading', { level: 2, name: /^\d+ products/ })).toBeVisible()
  await expect(page).toHaveTitle(/^red striped mug/)
})

test('a single name finds what it names, in the plural too, and in colours', async ({ shop }) => {
  for (const [words, name] of [
    ['mug', /mug/i],
    ['lamps', /lamp/i],
    ['vases', /vase/i],
    ['blue', /blue/i],
    ['striped', /striped/i],
  ] as const) {
    await shop.open(`/?q=${words}`)
    for (const title of (await shop.titles()).slice(0, 4)) expect(title).toMatch(name)
  }
})

test('what means nothing has no good match; the nearest are shown when asked for, and are weak', async ({
  shop,
  page,
}) => {
  await shop.open('/?q=qwertyuiop')
  await expect(page.getByText(say.emptyTitle).first()).toBeVisible()
  await expect(page.getByText(say.emptyAdvice)).toBeVisible()
  await page.getByRole('button', { name: say.emptyShowNearest }).click()
  await shop.settled()
  await expect(page.getByText(say.unsure)).toBeVisible()
  await expect(page.getByText(say.strong)).toHaveCount(0)
})

test('a card shows its name, its price and how well it fits', async ({ shop }) => {
  await shop.open('/?q=red+striped+mug')
  const card = shop.card('Kestrel red striped porcelain mug')
  await expect(card.getByRole('img', { name: 'Kestrel red striped porcelain mug' })).toBeVisible()
  await expect(card).toContainText('Kestrel')
  await expect(card).toContainText('€15.90')
  await expect(card).toContainText(say.strong)
  await expect(card).toContainText(/0\.\d{3}/)
})

test('a slash brings the cursor to the box, and typing one there types it', async ({ shop, page }) => {
  await shop.open()
  await page.keyboard.press('/')
  await expect(shop.box).toBeFocused()
  await page.keyboard.type('1/2 mug')
  await expect(shop.box).toHaveValue('1/2 mug')
})

test('the first visit shows what this catalogue has: categories, and words that find them', async ({ shop, page }) => {
  await shop.open()
  const tiles = page.getByRole('region', { name: say.browseTitle }).getByRole('link')
  await expect(tiles).toHaveCount(6)
  const examples = page.getByRole('region', { name: say.examplesTitle }).getByRole('button')
  const words = await examples.allTextContents()
  expect(words.length).toBeGreaterThan(2)
  await examples.first().click()
  await expect(shop.box).toHaveValue(words[0] ?? '')
  await expect(shop.card(/./)).toContainText(say.strong)
})

test('what was searched for is offered again, until it is forgotten', async ({ shop, page }) => {
  await shop.open()
  await shop.search('green floral dress')
  await shop.titles()
  await shop.open()
  const again = page.getByRole('region', { name: say.recents }).getByRole('button', { name: 'green floral dress' })
  await again.click()
  await shop.titles()
  await shop.open()
  await page.getByRole('button', { name: say.forget }).click()
  await expect(again).toHaveCount(0)
})

test('an earlier answer that comes late never takes the place of a later one', async ({ shop, page }) => {
  const [held, release] = gate()
  await page.route('**/search', async (route) => {
    const early = route.request().postDataJSON().query === 'grey armchair'
    const answer = await route.fetch()
    if (early) await held
    await route.fulfill({ response: answer })
  })
  await shop.open('/?q=green+dress')
  await shop.settled()
  await shop.search('grey armchair')
  await expect(page.locator('[aria-busy=true]').first()).toBeVisible()
  await shop.search('yellow umbrella')
  expect((await shop.titles())[0]).toMatch(/umbrella/i)
  release()
  await page.unrouteAll({ behavior: 'wait' })
  expect((await shop.titles())[0]).toMatch(/umbrella/i)
})

test('what nothing is like says so, and shows the nearest when asked to', async ({ shop, page }) => {
  await shop.open('/?q=red+striped+mug&least=0.95')
  await expect(page.getByText(say.emptyTitle).first()).toBeVisible()
  await page.getByRole('button', { name: say.emptyRemoveThreshold }).click()
  expect((await shop.titles()).length).toBeGreaterThan(0)
})
