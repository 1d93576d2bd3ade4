/** A picture of no more bytes than this is sent as it is. */
const ENOUGH_BYTES = 1_000_000
/** Pixels. The model looks at a few hundred a side; this leaves as many of a tenth of the picture. */
const LONGEST_SIDE = 2048
const QUALITY = 0.9

const shrunk = new WeakMap<File, Promise<File>>()

/**
 * A photograph as a phone takes it, small enough to be sent over the phone's line in a moment, upright,
 * and without the file's other metadata, such as its location. Each file is redrawn once.
 */
export function shrinkPicture(file: File): Promise<File> {
  const known = shrunk.get(file) ?? shrink(file)
  shrunk.set(file, known)
  return known
}

async function shrink(file: File): Promise<File> {
  if (file.size <= ENOUGH_BYTES) return file
  // A file that the browser cannot read is sent unchanged: the service reports its fault.
  const bitmap = await createImageBitmap(file).catch(() => null)
  if (!bitmap) return file
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(bitmap.width * scale)
  canvas.height = Math.round(bitmap.height * scale)
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  bitmap.close()
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', QUALITY))
  return blob && blob.size < file.size ? new File([blob], file.name, { type: blob.type }) : file
}
