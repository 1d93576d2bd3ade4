import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, type Page } from '@playwright/test'

import { say } from './words'

const folder = new URL('../../../../data/sample/images/', import.meta.url)

/** A product's own picture, as somebody might have kept it. */
export const pictureOf = (id: string): string => fileURLToPath(new URL(`${id}.webp`, folder))

export async function choose(page: Page, path: string, button = say.choosePicture): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: button }).click()
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
  await main.dispatchEvent('dragover', { dataTransfer: transfer })
  await expect(page.getByText(say.dropHere)).toBeVisible()
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
