import { describe, expect, it } from 'vitest'

import { DEFAULTS, readSettings, writeSettings, type SearchSettings } from '../src/lib/search-params'

const roundTrip = (settings: SearchSettings) =>
  readSettings(new URLSearchParams(writeSettings(settings).toString()))

describe('the address of a search', () => {
  it('leaves defaults out', () => {
    expect(writeSettings(DEFAULTS).toString()).toBe('')
    expect(readSettings(new URLSearchParams())).toEqual(DEFAULTS)
  })

  it.each(['100% cotton', '%', 'a+b & c=d', 'قبعة حمراء', '红色的鞋', '👟', '"quoted" <b>', '#1 ?'])(
    'brings %s back as it was',
    (query) => {
      expect(roundTrip({ ...DEFAULTS, query })).toEqual({ ...DEFAULTS, query })
    },
  )

  it('brings every setting back', () => {
    const settings: SearchSettings = {
      query: 'mug',
      picture: true,
      k: 50,
      threshold: 0.35,
      words: 0,
      rewrite: false,
    }
    expect(roundTrip(settings)).toEqual(settings)
  })

  it.each(['k=0', 'k=1e9', 'k=NaN', 'k=', 'least=7', 'least=abc', 'words=-1', 'rewrite=maybe'])(
    'takes %s for the default',
    (text) => {
      expect(readSettings(new URLSearchParams(text))).toEqual(DEFAULTS)
    },
  )
})
