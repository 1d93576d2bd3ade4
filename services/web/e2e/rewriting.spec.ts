import { expect, say, test } from './support/shop'

/** As tests/support/page_stack.py has its Gemini answer. */
const ASKED = 'I need something purple with zigzags for my cold head'
const REWRITTEN = 'purple zigzag woolly hat'

test('a query that was made better is shown, and one click goes back to the original', async ({ shop, page }) => {
  await shop.open()
  await shop.search(ASKED)
  expect((await shop.titles())[0]).toMatch(/hat|beanie/i)
  await expect(page.getByText(`${say.rewritten} ${REWRITTEN}`)).toBeVisible()
  await page.getByRole('button', { name: say.useOriginal(ASKED) }).click()
  await expect(page).toHaveURL(/rewrite=off/)
  // As they were typed, the words are near to nothing.
  await expect(page.getByText(say.emptyTitle).first()).toBeVisible()
  await expect(page.getByText(REWRITTEN)).toHaveCount(0)
  await page.goBack()
  await expect(page.getByText(REWRITTEN)).toBeVisible()
})

test('with rewriting off nothing is rewritten, and on again it is', async ({ shop, page }) => {
  const asked = page.waitForRequest('**/search')
  await shop.open(`/?q=${encodeURIComponent(ASKED)}&rewrite=off`)
  expect((await asked).postDataJSON()).toMatchObject({ rewrite: false })
  await expect(page.getByText(say.emptyTitle).first()).toBeVisible()
  await expect(page.getByText(REWRITTEN)).toHaveCount(0)
  await shop.openSettings()
  await page.getByLabel(say.rewriting).check()
  await expect(page.getByText(REWRITTEN)).toBeVisible()
})
