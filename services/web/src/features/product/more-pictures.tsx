import { Thumbnail } from '../../components/thumbnail'
import { useLanguage } from '../../i18n/language'

/** Attribute that feeds keep further pictures in: links, separated by blanks. */
export const MORE_IMAGES = 'more_images'

const MOST = 8

/** A product's other pictures, as the shop serves them. */
export function MorePictures({ links, title }: { links: string | undefined; title: string }) {
  const { say } = useLanguage()
  const pictures = webLinks(links).slice(0, MOST)
  if (pictures.length === 0) return null
  return (
    <ul aria-label={say.morePictures} className="mt-3 grid grid-cols-4 gap-3">
      {pictures.map((link, at) => (
        <li key={link}>
          <a href={link} target="_blank" rel="noopener noreferrer" className="block">
            <Thumbnail url={link} title={say.pictureOf(at + 2, title)} />
          </a>
        </li>
      ))}
    </ul>
  )
}

function webLinks(links = ''): string[] {
  return [...new Set(links.split(/\s+/).filter((link) => /^https?:\/\//i.test(link)))]
}
