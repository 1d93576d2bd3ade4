import { afterEach, describe, expect, it, vi } from 'vitest'

import { preparePicture } from '../src/features/picture/prepare-picture'

// jsdom decodes and draws nothing: these stand for what a browser does.
function browserThatDraws(width: number, height: number, bytes: number) {
  const drawn = vi.fn()
  const decode = vi.fn(() => Promise.resolve({ width, height, close: () => undefined }))
  vi.stubGlobal('createImageBitmap', decode)
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue({ drawImage: drawn } as never)
  vi.spyOn(HTMLCanvasElement.prototype, 'toBlob').mockImplementation((done, type) =>
    done(new Blob([new Uint8Array(bytes)], { type: type ?? '' })),
  )
  return { drawn, decode }
}

const photograph = (bytes: number) => new File([new Uint8Array(bytes)], 'photo.png', { type: 'image/png' })

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('a picture on its way out', () => {
  it('is sent as it is where it is small', async () => {
    const small = photograph(1000)
    expect(await preparePicture(small)).toBe(small)
  })

  it('is scaled down once if it is large, its longest side 2048 pixels', async () => {
    const { drawn, decode } = browserThatDraws(4000, 3000, 300_000)
    const large = photograph(5_000_000)
    const sent = await preparePicture(large)
    expect([sent.name, sent.type, sent.size]).toEqual(['photo.png', 'image/jpeg', 300_000])
    expect(drawn).toHaveBeenCalledWith(expect.anything(), 0, 0, 2048, 1536)
    expect(await preparePicture(large)).toBe(sent)
    expect(decode).toHaveBeenCalledOnce()
  })

  it('is sent unchanged if scaling it saves nothing, or fails', async () => {
    browserThatDraws(800, 600, 2_000_000)
    const dense = photograph(1_500_000)
    expect(await preparePicture(dense)).toBe(dense)
    vi.stubGlobal('createImageBitmap', () => Promise.reject(new Error('no picture')))
    const broken = photograph(1_500_000)
    expect(await preparePicture(broken)).toBe(broken)
  })
})
