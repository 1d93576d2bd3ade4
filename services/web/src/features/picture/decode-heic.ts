/** The build that needs no permission to evaluate code: the page's security policy gives none. */
import { heicTo } from 'heic-to/csp'

/** Rejects if the file is no readable HEIC picture. */
export async function decodeHeic(file: File): Promise<ImageBitmap> {
  return heicTo({ blob: file, type: 'bitmap' })
}
