import { useEffect, useState } from 'react'

import { isWhole } from '../../lib/crop'
import type { ChosenPicture } from './chosen-picture'

/** An address of the file for as long as the component lives. */
export function useFileAddress(file: File): string | undefined {
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    const made = URL.createObjectURL(file)
    // The address is of something outside of React, and must be given back: an effect is its place.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setAddress(made)
    return () => URL.revokeObjectURL(made)
  }, [file])
  return address
}

/** The picture, or the part of it that is searched for where the browser can show just that. */
export function PictureImage({ picture, alt }: { picture: ChosenPicture; alt: string }) {
  const { crop } = picture
  const address = useFileAddress(picture.shown ?? picture.file)
  const box =
    crop && !isWhole(crop)
      ? [crop.y, 1 - crop.x - crop.width, 1 - crop.y - crop.height, crop.x]
          .map((part) => `${(part * 100).toFixed(2)}%`)
          .join(' ')
      : null
  return (
    <img
      {...(address && { src: address })}
      alt={alt}
      className="h-full w-full object-cover"
      style={box ? ({ objectViewBox: `inset(${box})` } as React.CSSProperties) : undefined}
    />
  )
}
