/** Takes the pictures in docs/images. No test: `make screenshots` runs it. */
import { test } from '@playwright/test'

import { choose, pictureOf } from './support/pictures'
import { say, Shop } from './support/shop'

const folder = '../../docs/images'

test.use({ viewport: { width: 1200, height: 800 } })

test('screenshots for the documentation', async ({ page }) => {
  const shop = new Shop(page)
  const take = async (name: string) => {
    await page.waitForLoadState('networkidle')
    await page.screenshot({ path: `${folder}/${name}.png`, animations: 'disabled' })
  }
  await shop.open('/?q=red+striped+mug')
  await shop.titles()
  await take('search')
  await shop.cards.first().getByRole('link').first().click()
  await page.getByRole('heading', { level: 1, name: /mug/i }).waitFor()
  await take('product')
  await shop.open()
  await choose(page, pictureOf('sample-0018'))
  await shop.titles()
  await shop.search('blue')
  await page.getByRole('button', { name: say.searchEverywhere }).waitFor()
  await shop.titles()
  await take('picture')
})
