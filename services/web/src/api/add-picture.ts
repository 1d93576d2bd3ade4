import type { Crop } from '../lib/crop'
import { http } from './client'
import type { components } from './schema'

/** An id that stands for the picture, or the part of it, for about a week. */
export async function addPicture(picture: File, crop: Crop | null, signal: AbortSignal): Promise<string> {
  const form = new FormData()
  form.set('image', picture)
  if (crop) form.set('crop', JSON.stringify(crop))
  const answer = await http.post<components['schemas']['PictureResponse']>('/pictures', form, { signal })
  return answer.data.picture_id
}
