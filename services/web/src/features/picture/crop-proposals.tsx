import { useEffect, useState } from 'react'

import { proposeParts } from '../../api/add-picture'
import { useLanguage } from '../../i18n/language'
import { type Crop, within } from '../../lib/crop'

/** The parts that the gateway proposes; none until it has answered, or where it cannot. */
export function useProposals(picture: File): Crop[] {
  const [parts, setParts] = useState<Crop[]>([])
  useEffect(() => {
    const control = new AbortController()
    proposeParts(picture, control.signal).then(
      (found) => setParts(found.map(within)),
      () => undefined,
    )
    return () => control.abort()
  }, [picture])
  return parts
}

interface Props {
  parts: Crop[]
  onChoose: (part: Crop) => void
}

/** A button in the middle of each thing on the picture, with a frame around the thing. */
export function CropProposals({ parts, onChoose }: Props) {
  const { say } = useLanguage()
  return parts.map((part, at) => (
    <div
      key={`${part.x} ${part.y} ${part.width} ${part.height}`}
      className="pointer-events-none absolute flex items-center justify-center rounded-lg border-2 border-dashed border-white/90 outline-1 outline-stone-900/40"
      style={{
        left: `${part.x * 100}%`,
        top: `${part.y * 100}%`,
        width: `${part.width * 100}%`,
        height: `${part.height * 100}%`,
      }}
    >
      <button
        type="button"
        className="pointer-events-auto flex size-11 shrink-0 items-center justify-center"
        aria-label={say.cropThing(at + 1)}
        title={say.cropThing(at + 1)}
        onClick={() => onChoose(part)}
      >
        <span className="size-6 rounded-full border-4 border-white bg-brand-700 shadow-md" />
      </button>
    </div>
  ))
}
