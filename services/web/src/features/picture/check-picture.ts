/** Formats that the gateway reads. Other pictures that the browser can decode are converted. */
export const ACCEPTED_TYPES = ['image/jpeg', 'image/png', 'image/webp']
/** As much as the gateway takes. */
export const MAX_BYTES = 10_000_000
/** Larger files are not opened at all: a phone would run out of memory. */
const MAX_FILE_BYTES = 100_000_000

export type Refusal = 'pictureWrongType' | 'pictureTooLarge' | 'pictureDamaged' | 'pictureElsewhere'

/** A picture that cannot be searched with, whatever is done to it. */
export class RefusedPicture extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal)
  }
}

export const isHeic = ({ type, name }: File): boolean => /^image\/hei[cf]/.test(type) || /\.hei[cf]$/i.test(name)

/** Why a file cannot be searched with, or null. The gateway looks again, at the bytes themselves. */
export function checkPicture(file: File): Refusal | null {
  if (!file.type.startsWith('image/') && !isHeic(file)) return 'pictureWrongType'
  return file.size > MAX_FILE_BYTES ? 'pictureTooLarge' : null
}
