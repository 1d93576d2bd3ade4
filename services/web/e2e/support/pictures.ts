import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, type FileChooser, type Locator, type Page } from '@playwright/test'

import { say } from './words'

const folder = new URL('../../../../data/sample/images/', import.meta.url)

/** A product's own picture, as somebody might have kept it. */
export const pictureOf = (id: string): string => fileURLToPath(new URL(`${id}.webp`, folder))

/** The red striped mug as an iPhone writes it. */
export const heic = fileURLToPath(new URL('mug.heic', import.meta.url))

type File = Parameters<FileChooser['setFiles']>[0]

export async function choose(page: Page, path: File, button = say.choosePicture): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: button }).click()
  // A phone asks first where the picture comes from.
  const files = page.getByRole('button', { name: say.fromFiles })
  if (await files.isVisible()) await files.click()
  await (await chooser).setFiles(path)
}

/** From another window onto this one: what a browser fires, with the file in it. */
export async function drop(page: Page, path: string): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([base64, name]) => {
      const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))
      const data = new DataTransfer()
      data.items.add(new File([bytes], name, { type: 'image/webp' }))
      return data
    },
    [readFileSync(path, 'base64'), 'picture.webp'] as const,
  )
  const main = page.getByRole('main')
  // A browser repeats it while the file is held over the page.
  await expect(async () => {
    await main.dispatchEvent('dragover', { dataTransfer: transfer })
    await expect(page.getByText(say.dropHere)).toBeVisible({ timeout: 500 })
  }).toPass()
  await main.dispatchEvent('drop', { dataTransfer: transfer })
  await expect(page.getByText(say.dropHere)).toBeHidden()
}

/** Through the real clipboard, which takes pictures as PNG alone, and the keys that paste. */
export async function paste(page: Page, path: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.evaluate(async (base64) => {
    const image = new Image()
    image.src = `data:image/webp;base64,${base64}`
    await image.decode()
    const canvas = new OffscreenCanvas(image.width, image.height)
    canvas.getContext('2d')?.drawImage(image, 0, 0)
    const png = await canvas.convertToBlob({ type: 'image/png' })
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })])
  }, readFileSync(path, 'base64'))
  await page.keyboard.press('ControlOrMeta+V')
}

/** A photograph with four products in it, two by two, as somebody's table might be. */
export async function busyPicture(page: Page, ids: readonly string[]): Promise<File> {
  const pictures = ids.map((id) => readFileSync(pictureOf(id), 'base64'))
  const png = await page.evaluate(async (all) => {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 960
    const drawing = canvas.getContext('2d')
    for (const [place, base64] of all.entries()) {
      const image = new Image()
      image.src = `data:image/webp;base64,${base64}`
      await image.decode()
      drawing?.drawImage(image, (place % 2) * 480, Math.floor(place / 2) * 480, 480, 480)
    }
    return canvas.toDataURL('image/png').replace(/^.*,/, '')
  }, pictures)
  return { name: 'table.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') }
}

/** A product's picture with as many pixels as a good camera takes, and noise that no encoder makes small. */
export async function largePhotograph(page: Page, id: string): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const base64 = await page.evaluate(async (source) => {
    const image = new Image()
    image.src = `data:image/webp;base64,${source}`
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 3000
    const drawing = canvas.getContext('2d')
    if (!drawing) throw new Error('nothing to draw on')
    drawing.drawImage(image, 0, 0, 3000, 3000)
    const pixels = drawing.getImageData(0, 0, 3000, 3000)
    for (let at = 0; at < pixels.data.length; at++) if (at % 4 !== 3) pixels.data[at] = (pixels.data[at] ?? 0) + (Math.random() - 0.5) * 40
    drawing.putImageData(pixels, 0, 0)
    return canvas.toDataURL('image/png').replace(/^.*,/, '')
  }, readFileSync(pictureOf(id), 'base64'))
  return { name: 'large.png', mimeType: 'image/png', buffer: Buffer.from(base64, 'base64') }
}

/** One finger, from the middle of something by so many pixels. */
export async function dragByTouch(page: Page, from: Locator, x: number, y: number): Promise<void> {
  const box = await from.boundingBox()
  if (!box) throw new Error('there is nothing to drag')
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
  const finger = await page.context().newCDPSession(page)
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', part = 0) =>
    finger.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: type === 'touchEnd' ? [] : [{ x: at.x + x * part, y: at.y + y * part }],
    })
  await touch('touchStart')
  for (const part of [0.25, 0.5, 0.75, 1]) await touch('touchMove', part)
  await touch('touchEnd')
  await finger.detach()
}
