import type { Crop } from '../lib/crop'
import { http } from './client'
import type { components } from './schema'

type Added = components['schemas']['PictureResponse']

/** An id that stands for the picture, or the part of it, for about a week. */
export async function addPicture(picture: File, crop: Crop | null, signal: AbortSignal): Promise<string> {
  const form = new FormData()
  form.set('image', picture)
  if (crop) form.set('crop', JSON.stringify(crop))
  const answer = await http.post<Added>('/pictures', form, { signal })
  return answer.data.picture_id
}

/** The parts of a picture that are worth a search of their own, the largest thing first. */
export async function proposeParts(picture: File, signal: AbortSignal): Promise<Crop[]> {
  const form = new FormData()
  form.set('image', picture)
  form.set('proposals', 'true')
  const answer = await http.post<Added>('/pictures', form, { signal })
  return answer.data.proposals ?? []
}
