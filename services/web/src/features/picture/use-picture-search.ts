import { useCallback, useEffect } from 'react'
import { useLocation, useNavigate, useNavigationType } from 'react-router-dom'

import type { Failure } from '../../api/client'
import { useAnnounce } from '../../components/status-line'
import { useLanguage } from '../../i18n/language'
import type { Crop } from '../../lib/crop'
import { isSearchPage, type ChangeSettings } from '../../lib/use-search-settings'
import { checkPicture, type Refusal } from './check-picture'
import type { ChosenPicture } from './chosen-picture'
import { useChosenPicture, usePictures } from './picture-context'

export interface PictureSearch {
  /** The picture that is searched with or being sent; null too for one that was chosen elsewhere. */
  picture: ChosenPicture | null
  sending: boolean
  failure: Failure | null
  /** True if it is sent again without the visitor. */
  retrying: boolean
  refusal: Refusal | null
  choose: (file: File) => void
  /** Says why what was given is no picture to search with. */
  refuse: (why: Refusal) => void
  crop: (crop: Crop | null) => void
  retry: () => void
  remove: () => void
}

/** Sends the pictures that are chosen, and brings the id that stands for each into the address. */
export function usePictureSearch(id: string | null, change: ChangeSettings): PictureSearch {
  const { say } = useLanguage()
  const announce = useAnnounce()
  const { key, pathname } = useLocation()
  const how = useNavigationType()
  const navigate = useNavigate()
  const { sending, refusal, send, refuse, forgive, cancel } = usePictures()
  const known = useChosenPicture(id)
  const here = isSearchPage(pathname)
  useEffect(() => {
    // What failed or was refused is of the step before. Whoever goes back, or leaves for another page, does not
    // want to be fetched back by an answer; words beside a picture that is being sent wait for it.
    if (!here || how === 'POP') cancel()
    else forgive()
  }, [cancel, forgive, here, how, key])

  const searchWith = useCallback(
    async (picture: ChosenPicture, how: { replace: boolean }) => {
      const sent = await send(picture)
      if (sent === null) return
      change({ picture: sent.id, look: sent.look }, how)
      if (picture.crop === null) announce(say.pictureAccepted)
    },
    [announce, change, say, send],
  )
  const choose = useCallback(
    (file: File) => {
      const why = checkPicture(file)
      if (why) {
        refuse(why)
        return
      }
      // The results, where the picture is seen on its way, are another page.
      if (!here) void navigate('/')
      void searchWith({ file, crop: null }, { replace: !here })
    },
    [here, navigate, refuse, searchWith],
  )
  const picture = sending.state === 'idle' ? known : sending.picture
  return {
    picture,
    sending: sending.state === 'sending',
    failure: sending.state === 'failed' ? sending.failure : null,
    retrying: sending.state === 'failed' && sending.retrying,
    refusal,
    choose,
    refuse,
    // One step of Back leads out of a picture, not through each place that its frame has been.
    crop: (crop) => void (picture && searchWith({ ...picture, crop }, { replace: true })),
    retry: () => void (picture && searchWith(picture, { replace: id !== null })),
    remove: () => {
      cancel()
      change({ picture: null, look: null })
    },
  }
}
