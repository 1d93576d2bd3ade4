import type { Crop } from '../../lib/crop'

/** A picture that was chosen here, and the part of it that counts; null for all of it. */
export interface ChosenPicture {
  file: File
  crop: Crop | null
  /** The file as the browser can show it, once it is known. */
  shown?: File
}
