export const ACCEPTED_TYPES = ['image/jpeg', 'image/png', 'image/webp']
export const MAX_BYTES = 10_000_000

export type Refusal = 'pictureWrongType' | 'pictureTooLarge'

/** Why a file cannot be searched with, or null. The gateway looks again, at the bytes themselves. */
export function checkPicture(file: File): Refusal | null {
  if (!ACCEPTED_TYPES.includes(file.type)) return 'pictureWrongType'
  return file.size > MAX_BYTES ? 'pictureTooLarge' : null
}
