import { useCallback, useEffect, useState } from 'react'

import type { Failure } from '../../api/client'
import { useAnnounce } from '../../components/status-line'
import { useLanguage } from '../../i18n/language'
import type { Crop } from '../../lib/crop'
import type { ChangeSettings } from '../../lib/use-search-settings'
import { checkPicture, type Refusal } from './check-picture'
import { usePictures, type ChosenPicture } from './picture-context'

interface PictureSearch {
  /** The picture that is searched with or being sent; null too for one that was chosen elsewhere. */
  picture: ChosenPicture | null
  sending: boolean
  failure: Failure | null
  refusal: Refusal | null
  choose: (file: File) => void
  crop: (crop: Crop | null) => void
  retry: () => void
  remove: () => void
}

/** Sends the pictures that are chosen, and brings the id that stands for each into the address. */
export function usePictureSearch(id: string | null, change: ChangeSettings): PictureSearch {
  const { say } = useLanguage()
  const announce = useAnnounce()
  const { sending, chosen, send, cancel } = usePictures()
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  // Whoever leaves for another page does not want to be fetched back by an answer.
  useEffect(() => cancel, [cancel])

  const searchWith = useCallback(
    async (picture: ChosenPicture, how: { replace: boolean }) => {
      const sent = await send(picture)
      if (sent === null) return
      change({ picture: sent }, how)
      if (picture.crop === null) announce(say.pictureAccepted)
    },
    [announce, change, say, send],
  )
  const choose = useCallback(
    (file: File) => {
      const why = checkPicture(file)
      setRefusal(why)
      if (!why) void searchWith({ file, crop: null }, { replace: false })
    },
    [searchWith],
  )
  const picture = sending.state === 'idle' ? chosen(id) : sending.picture
  return {
    picture,
    sending: sending.state === 'sending',
    failure: sending.state === 'failed' ? sending.failure : null,
    refusal,
    choose,
    // One step of Back leads out of a picture, not through each place that its frame has been.
    crop: (crop) => void (picture && searchWith({ ...picture, crop }, { replace: true })),
    retry: () => void (picture && searchWith(picture, { replace: id !== null })),
    remove: () => {
      cancel()
      setRefusal(null)
      change({ picture: null })
    },
  }
}
