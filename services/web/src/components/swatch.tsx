import { swatchOf } from '../lib/swatches'

/** The colour itself; a dashed ring for a name that nobody knows, which stands beside it anyway. */
export function Swatch({ colour }: { colour: string }) {
  const background = swatchOf(colour)
  return (
    <span
      aria-hidden
      className={`size-4 shrink-0 rounded-full border forced-color-adjust-none ${background ? 'border-stone-500/60' : 'border-dashed border-stone-500'}`}
      style={background ? { background } : undefined}
    />
  )
}
