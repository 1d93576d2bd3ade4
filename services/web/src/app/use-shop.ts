import { useOutletContext } from 'react-router-dom'

import type { PictureSearch } from '../features/picture/use-picture-search'
import type { SearchSettings } from '../lib/search-params'
import type { ChangeSettings } from '../lib/use-search-settings'

/** What the frame and the page inside it share. */
export interface Shop {
  settings: SearchSettings
  onChange: ChangeSettings
  pictures: PictureSearch
  searchWords: (query: string) => void
}

export const useShop = (): Shop => useOutletContext<Shop>()
