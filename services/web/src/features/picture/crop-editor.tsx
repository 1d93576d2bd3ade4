import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { ReactCrop } from 'react-image-crop'
import 'react-image-crop/dist/ReactCrop.css'

import { useAnnounce } from '../../components/status-line'
import { useLanguage } from '../../i18n/language'
import type { Messages } from '../../i18n/english'
import { CENTRE, isSame, isWhole, WHOLE, within, type Crop } from '../../lib/crop'
import { CropProposals, useProposals } from './crop-proposals'
import type { ChosenPicture } from './chosen-picture'
import { useFileAddress } from './picture-image'

/** The frame has stood still for this long before it is searched with. */
const STILL_MS = 500

interface Props {
  picture: ChosenPicture
  onCrop: (crop: Crop | null) => void
  onDone: () => void
}

/** A frame around the part of a picture to search for: set by pointer, arrow keys, numbers or a button. */
export function CropEditor({ picture, onCrop, onDone }: Props) {
  const { say } = useLanguage()
  const announce = useAnnounce()
  const id = useId()
  const address = useFileAddress(picture.shown ?? picture.file)
  const [before] = useState(picture.crop ?? WHOLE)
  const [crop, setCrop] = useState(before)
  const whole = isWhole(crop)
  const parts = useProposals(picture.shown ?? picture.file)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const searchWith = (part: Crop) => {
    announce(cropText(part, say))
    onCrop(isWhole(part) ? null : part)
  }
  const searched = useSettled(crop, searchWith)
  const choosePart = (part: Crop) => {
    setCrop(part)
    // The button goes, and Escape is caught in the editor alone.
    heading.current?.focus()
  }
  const leave = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    if (searched() !== before) searchWith(before)
    onDone()
  }
  return (
    // Escape anywhere in the editor leaves it; nothing else is caught.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section aria-labelledby={id} onKeyDown={leave} className="panel mx-auto mt-3 max-w-4xl p-4 sm:p-5 print:hidden">
      <h2 id={id} ref={heading} tabIndex={-1} className="font-semibold outline-none">
        {say.cropTitle}
      </h2>
      <p className="muted mt-1 text-sm">{say.cropHint}</p>
      <div className="mt-4 grid gap-5 md:grid-cols-[minmax(0,1fr)_16rem]">
        {/* A picture has its left on the left in every language. */}
        <div dir="ltr" className={`crop-stage ${whole ? 'crop-stage-whole' : ''} flex items-center justify-center rounded-xl bg-stone-100 p-3 dark:bg-stone-950`}>
          <div className="relative flex">
            <ReactCrop
              // The picture inherits it, in the library's own style sheet.
              className="max-h-[55vh]"
              crop={{ unit: '%', x: crop.x * 100, y: crop.y * 100, width: crop.width * 100, height: crop.height * 100 }}
              // Around the whole there is nothing to keep: dragging draws a frame.
              keepSelection={!whole}
              minWidth={24}
              minHeight={24}
              ariaLabels={handleLabels(say)}
              onChange={(_, { x, y, width, height }) => {
                // A press that is no drag draws nothing.
                if (width > 0 && height > 0)
                  setCrop(within({ x: x / 100, y: y / 100, width: width / 100, height: height / 100 }))
              }}
            >
              {/* Of a tiny picture there is enough to put a frame on. */}
              <img {...(address && { src: address })} alt={say.yourPicture} className="min-h-24 min-w-24" />
            </ReactCrop>
            {whole && <CropProposals parts={parts} onChoose={choosePart} />}
          </div>
        </div>
        <div className="flex flex-col gap-4">
          <CropFields crop={crop} onChange={setCrop} />
          <div className="flex flex-wrap gap-2">
            <button type="button" className="quiet-button" onClick={() => setCrop(WHOLE)}>
              {say.cropWhole}
            </button>
            <button type="button" className="quiet-button" onClick={() => setCrop(CENTRE)}>
              {say.cropCentre}
            </button>
          </div>
          <button type="button" className="primary-button mt-auto" onClick={onDone}>
            {say.cropDone}
          </button>
        </div>
      </div>
    </section>
  )
}

const FIELDS = [
  ['x', 'cropLeft'],
  ['y', 'cropTop'],
  ['width', 'cropWidth'],
  ['height', 'cropHeight'],
] as const

function CropFields({ crop, onChange }: { crop: Crop; onChange: (crop: Crop) => void }) {
  const { say } = useLanguage()
  return (
    <div className="grid grid-cols-2 gap-3">
      {FIELDS.map(([side, label]) => (
        <PercentField
          key={side}
          label={say[label]}
          value={Math.round(crop[side] * 100)}
          onChange={(percent) => onChange(within({ ...crop, [side]: percent / 100 }))}
        />
      ))}
    </div>
  )
}

interface PercentFieldProps {
  label: string
  value: number
  onChange: (percent: number) => void
}

/** Typed text stays unchanged until the field loses focus, even if the frame cannot follow it. */
function PercentField({ label, value, onChange }: PercentFieldProps) {
  const [draft, setDraft] = useState<string | null>(null)
  return (
    <label className="text-sm font-medium">
      {label} %
      <input
        type="number"
        min={0}
        max={100}
        className="field mt-1 tabular-nums"
        value={draft ?? value}
        onBlur={() => setDraft(null)}
        onChange={({ target }) => {
          setDraft(target.value)
          if (Number.isFinite(target.valueAsNumber)) onChange(target.valueAsNumber)
        }}
      />
    </label>
  )
}

/** Reports a part once it stops moving. Returns a function that gives the last reported part. */
function useSettled(crop: Crop, tell: (crop: Crop) => void): () => Crop {
  const told = useRef(crop)
  const latest = useRef(tell)
  useEffect(() => {
    latest.current = tell
  })
  useEffect(() => {
    if (isSame(told.current, crop)) return
    const timer = setTimeout(() => {
      told.current = crop
      latest.current(crop)
    }, STILL_MS)
    return () => clearTimeout(timer)
  }, [crop])
  return () => told.current
}

function cropText(crop: Crop, say: Messages): string {
  if (isWhole(crop)) return say.cropStatusWhole
  const [x, y, width, height] = [crop.x, crop.y, crop.width, crop.height].map((part) => Math.round(part * 100))
  return say.cropStatus(x ?? 0, y ?? 0, width ?? 0, height ?? 0)
}

const handleLabels = ({ cropArea, cropHandles: side }: Messages) => ({
  cropArea,
  nwDragHandle: side.nw,
  nDragHandle: side.n,
  neDragHandle: side.ne,
  eDragHandle: side.e,
  seDragHandle: side.se,
  sDragHandle: side.s,
  swDragHandle: side.sw,
  wDragHandle: side.w,
})
