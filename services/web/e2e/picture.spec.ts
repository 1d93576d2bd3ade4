import type { Request } from '@playwright/test'

import { busyPicture, choose, dragByTouch, drop, heic, largePhotograph, paste, pictureOf } from './support/pictures'
import { expect, say, Shop, test } from './support/shop'

const MUG = pictureOf('sample-0018') // Almira mug, ceramic, red striped

for (const [way, give] of [
  ['chosen from a file', choose],
  ['dropped on the page', drop],
  ['pasted', paste],
] as const)
  test(`a picture that is ${way} finds its product${give === choose ? ' @short' : ''}`, async ({ shop, page }) => {
    await shop.open()
    await give(page, MUG)
    await expect(page.getByText(say.yourPicture, { exact: true })).toBeVisible()
    expect((await shop.titles())[0]).toBe('Almira mug, ceramic, red striped')
    await expect(page).toHaveURL(/[?&]picture=[\w-]+/)
  })

test.describe('on a phone', () => {
  test.use({ isMobile: true, hasTouch: true, viewport: { width: 390, height: 800 } })

  test('a photo that is taken finds its product', async ({ shop, page }) => {
    await shop.open()
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: say.choosePicture }).tap()
    await page.getByRole('button', { name: say.takePicture }).tap()
    const opened = await chooser
    expect(await opened.element().getAttribute('capture')).toBe('environment')
    await opened.setFiles(MUG)
    expect((await shop.titles())[0]).toBe('Almira mug, ceramic, red striped')
  })

  test('one thing among others in a photograph is found by a frame that a finger draws', async ({ shop, page }) => {
    await shop.open()
    await choose(page, await busyPicture(page, ['sample-0018', 'sample-0300', 'sample-0420', 'sample-0560']))
    await expect(page.getByText(say.emptyTitle).first()).toBeVisible()
    await expect(page.getByText(say.emptyPictureAdvice)).toBeVisible()

    await page.getByRole('button', { name: say.cropOpen }).tap()
    const stage = await page.getByRole('img', { name: say.yourPicture }).boundingBox()
    const side = stage?.width ?? 0
    // The mug is the upper left quarter; the frame stands around the whole.
    await dragByTouch(page, page.getByRole('button', { name: say.cropHandles.se }), -0.5 * side, -0.5 * side)
    await expect(page.getByRole('spinbutton', { name: say.cropLeft })).toHaveValue(/^[0-2]$/)
    await expect(page.getByRole('spinbutton', { name: say.cropWidth })).toHaveValue(/^(4[89]|5[0-2])$/)
    await expect.poll(async () => (await shop.titles())[0]).toBe('Almira mug, ceramic, red striped')
  })
})

test('a picture of an iPhone, which this browser cannot decode itself, is found too', async ({ shop, page }) => {
  await shop.open()
  await choose(page, heic)
  await expect(page.getByText(say.yourPicture, { exact: true })).toBeVisible({ timeout: 30_000 })
  expect((await shop.titles())[0]).toBe('Almira mug, ceramic, red striped')
  // The chip and the frame show it, and so does the address for somebody else.
  await page.getByRole('button', { name: say.cropOpen }).click()
  const drawn = page.getByRole('img', { name: say.yourPicture })
  await expect.poll(() => drawn.evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBe(480)
  await expect(page).toHaveURL(/[?&]look=[\w-]+/)
})

test('a photograph of more than 10 MB is made smaller before it is sent', async ({ shop, page }) => {
  const sizes: number[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('/pictures')) sizes.push(request.postDataBuffer()?.length ?? 0)
  })
  await shop.open()
  const large = await largePhotograph(page, 'sample-0018')
  expect(large.buffer.length).toBeGreaterThan(10_000_000)
  await choose(page, large)
  await expect(page.getByText(say.yourPicture, { exact: true })).toBeVisible({ timeout: 30_000 })
  expect((await shop.titles())[0]).toBe('Almira mug, ceramic, red striped')
  for (const size of sizes) expect(size).toBeLessThan(3_000_000)
})

test('a picture that is damaged is said to be, and another can be chosen', async ({ shop, page }) => {
  await shop.open()
  await choose(page, { name: 'damaged.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('\u00ff\u00d8\u00ff\u00e0 damaged', 'latin1') })
  await expect(shop.alert).toHaveText(say.pictureDamaged)
  await expect(page.getByRole('button', { name: say.retry })).toBeHidden()
  await choose(page, MUG)
  expect((await shop.titles())[0]).toBe('Almira mug, ceramic, red striped')
  await expect(shop.alert).toBeHidden()
})

test('whoever is sent a picture search sees the part that was searched for', async ({ shop, page, browser }) => {
  await shop.open('/?weak=on')
  await choose(page, MUG)
  await shop.settled()
  await page.getByRole('button', { name: say.cropOpen }).click()
  await page.getByRole('button', { name: say.cropCentre }).click()
  await expect(page.getByText(say.partOfPicture, { exact: true })).toBeVisible()
  await shop.settled()
  const here = await shop.titles()
  const other = new Shop(await browser.newPage())
  await other.open(page.url())
  expect(await other.titles()).toEqual(here)
  const thumbnail = other.page.getByRole('list', { name: say.searchedWith }).getByRole('img', { includeHidden: true }).or(other.page.locator('ul img[src^="blob:"], ul img[src^="data:"]')).first()
  await expect.poll(() => thumbnail.evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBeGreaterThan(10)
  await other.page.close()
  // In this browser the picture and its part are there after a reload, too.
  await page.reload()
  await shop.settled()
  await expect(page.getByText(say.partOfPicture, { exact: true })).toBeVisible()
  expect(await shop.titles()).toEqual(here)
})

test('what is no picture is refused in place, and the search stays', async ({ shop, page }) => {
  await shop.open('/?q=red+striped+mug')
  await shop.settled()
  await choose(page, pictureOf('../products').replace('.webp', '.csv'))
  await expect(shop.alert).toHaveText(say.pictureWrongType)
  await expect(shop.cards.first()).toBeVisible()
})

for (const id of ['sample-0018', 'sample-0300', 'sample-0420', 'sample-0560'])
  test(`opening the frame changes nothing: ${id}`, async ({ shop, page }) => {
    await shop.open()
    await choose(page, pictureOf(id))
    const before = await shop.titles()
    const address = page.url()
    await page.getByRole('button', { name: say.cropOpen }).click()
    await expect(page.getByRole('heading', { name: say.cropTitle })).toBeFocused()
    await page.waitForTimeout(1_200)
    expect(await shop.titles()).toEqual(before)
    expect(page.url()).toBe(address)
  })

test('a frame is drawn with the mouse, and Escape brings back the whole', async ({ shop, page }) => {
  await shop.open()
  await choose(page, await busyPicture(page, ['sample-0018', 'sample-0300', 'sample-0420', 'sample-0560']))
  await expect(page.getByText(say.emptyTitle).first()).toBeVisible()
  await page.getByRole('button', { name: say.cropOpen }).click()
  const image = page.getByRole('img', { name: say.yourPicture })
  const box = await image.boundingBox()
  if (!box) throw new Error('there is no picture to draw on')
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
  await expect(page.getByRole('spinbutton', { name: say.cropWidth })).toHaveValue('100')
  // From the middle to beyond the corner, where the frame ends: no handle of the whole is in the way.
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x - 4, box.y - 4, { steps: 5 })
  await page.mouse.up()
  await expect(page.getByRole('spinbutton', { name: say.cropWidth })).toHaveValue(/^(4[89]|5[0-2])$/)
  await expect.poll(async () => (await shop.titles())[0]).toBe('Almira mug, ceramic, red striped')
  await page.keyboard.press('Escape')
  await expect(page.getByText(say.yourPicture, { exact: true })).toBeVisible()
  await expect(page.getByText(say.emptyTitle).first()).toBeVisible()
})

test('a frame set by keys searches for that part alone', async ({ shop, page }) => {
  const sent: Request[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('/pictures')) sent.push(request)
  })
  // The part is like nothing closely: weak matches are shown too.
  await shop.open('/?weak=on')
  await choose(page, MUG)
  await shop.titles()
  const whole = await shop.cards.first().innerText()

  await page.getByRole('button', { name: say.cropOpen }).press('Enter')
  await expect(page.getByRole('heading', { name: say.cropTitle })).toBeFocused()
  const handle = page.getByRole('button', { name: say.cropHandles.w })
  await handle.focus()
  for (let step = 0; step < 3; step++) await page.keyboard.press('ControlOrMeta+ArrowRight')
  await expect.poll(() => sent.length).toBe(2)
  await expect(page.getByText(say.partOfPicture, { exact: true })).toBeVisible()
  await shop.settled()
  expect(await shop.cards.first().innerText()).not.toBe(whole)

  await page.getByRole('button', { name: say.cropWhole }).press('Enter')
  await expect(page.getByText(say.yourPicture, { exact: true })).toBeVisible()
  await page.getByRole('button', { name: say.cropDone }).press('Enter')
  await expect(page.getByRole('heading', { name: say.cropTitle })).toBeHidden()
  await expect.poll(() => shop.cards.first().innerText()).toBe(whole)
})

test('words beside a picture turn it: this mug, but blue and zigzag', async ({ shop, page }) => {
  await shop.open()
  await choose(page, MUG)
  await shop.titles()
  await shop.search('blue zigzag')
  await expect(page.getByRole('list', { name: say.searchedWith })).toContainText('“blue zigzag”')
  await expect.poll(async () => (await shop.titles())[0]).toBe('Northbay stoneware mug in blue, zigzag')

  await page.getByRole('button', { name: say.remove(say.termWords('blue zigzag')) }).click()
  await expect.poll(async () => (await shop.titles())[0]).toBe('Almira mug, ceramic, red striped')
  await page.getByRole('button', { name: say.removePicture }).click()
  await expect(page.getByRole('heading', { name: say.tagline })).toBeVisible()
})

test('a picture keeps its kind when words change it, until that is taken back', async ({ shop, page }) => {
  await shop.open()
  await choose(page, MUG)
  await shop.titles()
  await shop.search('blue')
  const kept = page.getByRole('button', { name: say.searchEverywhere })
  await expect(page.getByRole('list', { name: say.understood })).toContainText(say.onlyKind('Mugs'))
  const titles = await shop.titles()
  expect(titles.filter((title) => !/mug/i.test(title))).toEqual([])
  expect(titles[0]).toMatch(/blue/i)
  await kept.click()
  await expect(page).toHaveURL(/everywhere=on/)
  await expect(kept).toBeHidden()
  await expect.poll(async () => (await shop.titles()).some((title) => !/mug/i.test(title))).toBe(true)
  // Words that name another kind need no help.
  await shop.open(page.url().replace('&everywhere=on', '').replace('q=blue', 'q=handbag'))
  await expect.poll(async () => (await shop.titles())[0]).toMatch(/handbag|bag/i)
  await expect(kept).toBeHidden()
})

test('what was left out stays away', async ({ shop, page }) => {
  await shop.open('/?q=red+mug')
  expect((await shop.titles()).slice(0, 4).join()).toMatch(/striped/i)
  await page.getByRole('button', { name: say.withoutAdd }).click()
  await page.getByRole('textbox', { name: say.withoutLabel }).fill('striped')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('list', { name: say.understood })).toContainText('without striped')
  await expect.poll(async () => (await shop.titles()).slice(0, 4).join()).not.toMatch(/striped/i)
})

test('a product is something to search with', async ({ shop, page }) => {
  await shop.open('/?q=red+striped+mug')
  const title = 'Kestrel red striped porcelain mug'
  await shop.card(title).getByRole('button', { name: say.moreLikeOf(title) }).click()
  await expect(page.getByRole('list', { name: say.searchedWith })).toContainText(say.termLike(title))
  await expect.poll(() => shop.titles()).not.toContain(title)
  expect((await shop.titles())[0]).toMatch(/mug/i)
})

test('the frame of a tiny picture lies on the picture, and can be grasped', async ({ shop, page }) => {
  await shop.open()
  const base64 = await page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = 3
    canvas.height = 40
    return canvas.toDataURL('image/png').replace(/^.*,/, '')
  })
  await choose(page, { name: 'tiny.png', mimeType: 'image/png', buffer: Buffer.from(base64, 'base64') })
  await page.getByRole('button', { name: say.cropOpen }).click()
  const picture = page.locator('.crop-stage').getByRole('img', { name: say.yourPicture })
  await expect(picture).toBeVisible()
  const box = await picture.boundingBox()
  expect(box?.width).toBeGreaterThanOrEqual(96)
  expect(box?.height).toBeGreaterThanOrEqual(96)
  expect(await page.locator('.crop-stage').getByRole('group', { name: say.cropArea }).boundingBox()).toEqual(box)
})
