import { WHOLE, type Crop } from '../../lib/crop'
import { MOST_LOOK } from '../../lib/search-params'
import { ACCEPTED_TYPES, isHeic, MAX_BYTES, RefusedPicture } from './check-picture'

/** A picture of no more bytes than this is sent as it is. */
const ENOUGH_BYTES = 1_000_000
/** Pixels. The model looks at a few hundred a side; this leaves as many of a tenth of the picture. */
const LONGEST_SIDE = 2048
const QUALITY = 0.9
/** Pixels a side of the tiny picture in the address. */
const LOOK_SIDE = 40
const LOOK_QUALITY = 0.5

const prepared = new WeakMap<File, Promise<File>>()

/**
 * A photograph as a phone takes it, small enough to be sent over the phone's line in a moment, upright,
 * and without the file's other metadata, such as its location; and any other kind of picture that can be
 * read here, as a JPEG. Each file is redrawn once. Rejects with RefusedPicture.
 */
export function preparePicture(file: File): Promise<File> {
  const known = prepared.get(file) ?? prepare(file)
  prepared.set(file, known)
  return known
}

async function prepare(file: File): Promise<File> {
  const accepted = ACCEPTED_TYPES.includes(file.type)
  if (accepted && file.size <= ENOUGH_BYTES) return file
  const bitmap = await decode(file)
  if (!bitmap) {
    // What the browser cannot read, the service may.
    if (accepted && file.size <= MAX_BYTES) return file
    throw new RefusedPicture(accepted ? 'pictureTooLarge' : 'pictureDamaged')
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height))
  const blob = await drawn(bitmap, bitmap.width * scale, bitmap.height * scale, QUALITY)
  bitmap.close()
  if (blob && (!accepted || blob.size < file.size)) return new File([blob], file.name, { type: blob.type })
  if (accepted && file.size <= MAX_BYTES) return file
  throw new RefusedPicture('pictureTooLarge')
}

/** Null if it cannot be read. Safari reads HEIC itself; other browsers fetch a decoder, once. */
async function decode(file: File): Promise<ImageBitmap | null> {
  const bitmap = await createImageBitmap(file).catch(() => null)
  if (bitmap || !isHeic(file)) return bitmap
  const { decodeHeic } = await import('./decode-heic')
  return decodeHeic(file).catch(() => null)
}

/** The part of a picture that is searched with, tiny, in base64url; null where it cannot be drawn. */
export async function lookOf(file: File, crop: Crop | null): Promise<string | null> {
  const part = await partOf(file, crop ?? WHOLE).catch(() => null)
  if (!part) return null
  const scale = LOOK_SIDE / Math.max(part.width, part.height)
  const blob = await drawn(part, part.width * scale, part.height * scale, LOOK_QUALITY)
  part.close()
  if (!blob) return null
  const bytes = String.fromCharCode(...new Uint8Array(await blob.arrayBuffer()))
  const look = btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  return look.length <= MOST_LOOK ? look : null
}

async function partOf(file: File, { x, y, width, height }: Crop): Promise<ImageBitmap> {
  const bitmap = await createImageBitmap(file)
  const [left, top] = [Math.floor(x * bitmap.width), Math.floor(y * bitmap.height)]
  const right = Math.max(left + 1, Math.round((x + width) * bitmap.width))
  const bottom = Math.max(top + 1, Math.round((y + height) * bitmap.height))
  const part = await createImageBitmap(bitmap, left, top, right - left, bottom - top)
  bitmap.close()
  return part
}

async function drawn(bitmap: ImageBitmap, width: number, height: number, quality: number): Promise<Blob | null> {
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(width))
  canvas.height = Math.max(1, Math.round(height))
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  return new Promise((done) => canvas.toBlob(done, 'image/jpeg', quality))
}
