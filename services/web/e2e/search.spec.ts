import { expect, say, test } from './support/shop'

test('words find what they name, best first @short', async ({ shop }) => {
  await shop.open()
  await shop.search('red striped mug')
  await expect(shop.status).toContainText(/\d+ products/)
  const titles = await shop.titles()
  for (const title of titles.slice(0, 3)) expect(title).toMatch(/mug.*red|red.*mug/i)
})

test('a slash brings the cursor to the box, and typing one there types it', async ({ shop, page }) => {
  await shop.open()
  await page.keyboard.press('/')
  await expect(shop.box).toBeFocused()
  await page.keyboard.type('1/2 mug')
  await expect(shop.box).toHaveValue('1/2 mug')
})

test('an example is a search', async ({ shop, page }) => {
  await shop.open()
  const example = say.examples[1] ?? ''
  await page.getByRole('button', { name: example }).click()
  await expect(shop.box).toHaveValue(example)
  expect((await shop.titles())[0]).toMatch(/shoe/i)
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
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  await page.route('**/predict', async (route) => {
    const early = route.request().postDataJSON().query === 'grey armchair'
    const answer = await route.fetch()
    if (early) await held
    await route.fulfill({ response: answer })
  })
  await shop.open()
  await shop.search('grey armchair')
  await expect(shop.status).toContainText(say.loading)
  await shop.search('yellow umbrella')
  expect((await shop.titles())[0]).toMatch(/umbrella/i)
  release()
  await page.unrouteAll({ behavior: 'wait' })
  expect((await shop.titles())[0]).toMatch(/umbrella/i)
})
