import { expect, say, test } from './support/shop'

test('a product shows all that is known of it, and what is like it @short', async ({ shop, page }) => {
  await shop.open('/?q=red+striped+mug')
  await shop.openProduct('Kestrel red striped porcelain mug')
  const product = page.getByRole('article', { name: 'Kestrel red striped porcelain mug' })
  await expect(product.getByRole('img', { name: 'Kestrel red striped porcelain mug' })).toBeVisible()
  await expect(product).toContainText('€15.90')
  for (const fact of ['Kestrel', 'Kitchen > Mugs', 'red', 'porcelain', 'striped', say.inStockYes])
    await expect(product.getByRole('definition').filter({ hasText: fact }).first()).toBeVisible()
  await expect(product.getByRole('link', { name: say.visitShop })).toHaveAttribute('href', /^https:\/\/shop\.example\//)
  for (const name of [say.similarLook, say.similarWords]) {
    const shelf = page.getByRole('region', { name })
    await expect(shelf.getByRole('article')).toHaveCount(6)
    await expect(shelf.getByRole('article').first()).toContainText(/mug/i)
    await expect(shelf).not.toContainText('Kestrel red striped porcelain mug')
  }
})

test('the way back leads to the same results, the same place in them and the same focus', async ({ shop, page }) => {
  await shop.open('/?q=red+striped+mug&k=10')
  await shop.settled()
  await page.getByRole('button', { name: say.more }).click()
  await expect(shop.cards).toHaveCount(20)
  const titles = await shop.titles()
  const title = titles[17] ?? ''
  await shop.card(title).scrollIntoViewIfNeeded()
  const place = await page.evaluate(() => window.scrollY)
  expect(place).toBeGreaterThan(400)
  for (const back of [() => page.getByRole('link', { name: say.back }).click(), () => page.goBack()]) {
    await shop.openProduct(title)
    expect(await page.evaluate(() => window.scrollY)).toBe(0)
    await back()
    await expect(shop.cards).toHaveCount(20)
    expect(await shop.titles()).toEqual(titles)
    await expect.poll(() => page.evaluate(() => window.scrollY)).toBe(place)
    await expect(shop.card(title)).toBeInViewport()
  }
})

test('the way back leads to the same place after the product was loaded again', async ({ shop, page }) => {
  await shop.open('/?q=red+striped+mug')
  const title = (await shop.titles())[17] ?? ''
  await shop.card(title).scrollIntoViewIfNeeded()
  const place = await page.evaluate(() => window.scrollY)
  expect(place).toBeGreaterThan(400)
  await shop.openProduct(title)
  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
  // A slow answer: the browser itself gives up before it is there.
  await page.route('**/search', async (route) => {
    await new Promise((done) => setTimeout(done, 500))
    await route.continue()
  })
  await page.goBack()
  await shop.settled()
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBe(place)
})

test('from product to product, one way still leads back to the results', async ({ shop, page }) => {
  await shop.open('/?q=red+striped+mug')
  await shop.openProduct('Kestrel red striped porcelain mug')
  for (const [shelf, card] of [
    [say.similarLook, 0],
    [say.similarWords, 1],
  ] as const) {
    const link = page.getByRole('region', { name: shelf }).getByRole('article').nth(card).getByRole('link')
    const next = await link.getAttribute('href')
    await link.click()
    await expect(page).toHaveURL((url) => url.pathname === next)
    await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  }
  await page.getByRole('link', { name: say.back }).click()
  await expect(page).toHaveURL(/\?q=red/)
  await expect(shop.card('Kestrel red striped porcelain mug')).toBeVisible()
})

test('a product opened by its address leads to the search', async ({ shop, page }) => {
  await shop.open('/product/sample-0018')
  await expect(page).toHaveTitle(/^Almira mug, ceramic, red striped/)
  await page.getByRole('link', { name: say.toSearch }).click()
  await expect(page.getByRole('heading', { name: say.tagline })).toBeVisible()
})

test('more like a product is a search like any other', async ({ shop, page }) => {
  await shop.open('/product/sample-0018')
  await page.getByRole('link', { name: say.moreLike, exact: true }).click()
  await expect(page.getByRole('list', { name: say.searchedWith })).toContainText('Almira mug, ceramic, red striped')
  expect((await shop.titles())[0]).toMatch(/mug/i)
})

test('a product that is not there is said to be missing, with a way on', async ({ shop, page }) => {
  await shop.open('/product/none-such')
  await expect(shop.alert).toContainText(say.failures.missing)
  await expect(page.getByRole('button', { name: say.retry })).toHaveCount(0)
  await shop.alert.getByRole('link', { name: say.toSearch }).click()
  await expect(shop.box).toBeVisible()
})

test('products that no page expects look right all the same', async ({ shop, page }) => {
  for (const [id, title] of [
    ['odd-plain', 'Oddity without a picture'],
    ['odd-long', /^Oddity of an endless name/],
    ['odd-html', 'Oddity in HTML'],
    ['odd-arabic', 'كوب أحمر مخطط'],
    ['odd/slash?and#more', 'Oddity with an awkward id'],
  ] as const) {
    await shop.open(`/product/${encodeURIComponent(id)}`)
    await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
    await expect(page.getByRole('region', { name: say.similarWords }).getByRole('article').first()).toBeVisible()
    await expect(page.getByText(say.noPicture).first()).toBeVisible()
    await expect(page.getByRole('region', { name: say.similarLook })).toHaveCount(0)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    await expect(page).toHaveTitle(title instanceof RegExp ? title : new RegExp(`^${title.slice(0, 8)}`))
  }
})

test('HTML that gets into the catalogue all the same is shown as text', async ({ shop, page }) => {
  const title = 'Mug <img src="x" onerror="document.title=1">'
  const description = '<script>document.title = 1</script><b>bold</b> &amp; more'
  await page.route('**/products/sample-0018', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, json: { ...(await answer.json()), title, description } })
  })
  await shop.open('/product/sample-0018')
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
  await expect(page.getByText(description)).toBeVisible()
  await expect(page.getByRole('article').first().locator('b, script, img[src="x"]')).toHaveCount(0)
  await expect(page).toHaveTitle(/^Mug <img/)
})
