import { describe, expect, test } from '@jest/globals'
import { findSufficientStart } from '../../../src/delivery/clip/sufficient-start.js'
import type { ClipOutline } from '../../../src/delivery/plan/clip-outline.js'
import { at } from '../../../src/lib/at.js'
import type { Movie } from '../../../src/media/mp4/movie.js'
import { picturesOf, record, toPart } from '../../support/mp4-recording.js'

const RANGE = { startMs: 0, endMs: 3_600_000 }
const SPEC: ClipOutline['spec'] = {
  streamArn: 'arn',
  fragmentSelectorType: 'PRODUCER_TIMESTAMP',
  range: RANGE,
  cut: 'FRAGMENT',
  overflow: 'JOIN',
  fileName: null,
  pin: { fragmentCount: 3, firstFragmentNumber: '1', lastFragmentNumber: '3', digest: new Uint8Array(16) },
}
const ENTRY = { mediaStartMs: 0, range: RANGE }
const FIRST = { keys: [0], openKeys: [], timesMs: [0], sizes: [20], frames: 0, blockBytes: 0 }

function recorded(hasBFrames: boolean): Movie {
  return toPart(record({ fragments: 3, hasBFrames }), null, 0).part.movie
}

function clipOf({
  cut = 'FRAGMENT',
  fragments = [3],
  stretches = 1,
}: {
  cut?: 'FRAGMENT' | 'EXACT'
  fragments?: number[]
  stretches?: number
} = {}) {
  const column = new Float64Array(0)
  const parts = fragments.map((fragmentCount) => ({
    ...{ key: 'part', range: RANGE, firstPlace: 0, firstFragmentNumber: '1', lastFragmentNumber: '3', fragmentCount, estimatedBytes: 0 },
    ...{ startsMs: column, producerStartsMs: column, lengthsMs: column, sizesBytes: column },
  }))
  return { spec: { ...SPEC, cut }, parts, timeline: Array.from({ length: stretches }, () => ENTRY) }
}

describe('The first picture of a clip', () => {
  test('decides the layout of one part without reordered pictures', () => {
    const read = picturesOf(at(record({ fragments: 3 }), 0))
    const movie = recorded(false)
    const start = findSufficientStart(clipOf(), [movie], read)
    expect(start).toEqual(new Map([[0, { ...FIRST, sizes: [read.sizes[0]] }]]))
    // The result is the same when only the first picture is known.
    expect(findSufficientStart(clipOf(), [movie], start?.get(0))).toEqual(start)
  })

  test.each([
    ['an exact cut', clipOf({ cut: 'EXACT' })],
    ['a join', clipOf({ fragments: [3, 3] })],
    ['a single fragment', clipOf({ fragments: [1] })],
    ['footage with a gap', clipOf({ stretches: 2 })],
  ])('does not decide the layout of %s', (_, clip) => {
    expect(findSufficientStart(clip, [recorded(false)], FIRST)).toBeNull()
  })

  test.each([
    ['it is no key frame', { ...FIRST, keys: [] }],
    ['it starts an open GOP', { ...FIRST, openKeys: [0] }],
    ['its fragment has no pictures', { ...FIRST, keys: [], timesMs: [] }],
    ['it is not known', undefined],
  ])('does not decide the layout when %s', (_, first) => {
    expect(findSufficientStart(clipOf(), [recorded(false)], first)).toBeNull()
  })

  test('does not decide the layout of H.264 with reordered pictures, whose last GOP may be open, but decides that of H.265', () => {
    const movie = recorded(true)
    const video = at(movie.tracks, 0)
    expect(findSufficientStart(clipOf(), [movie], FIRST)).toBeNull()
    const sampleEntry = video.sampleEntry.slice()
    sampleEntry.set(Buffer.from('hvc1'), 4)
    expect(findSufficientStart(clipOf(), [{ ...movie, tracks: [{ ...video, sampleEntry }] }], FIRST)).not.toBeNull()
  })

  test('does not decide the layout of a response that does not mark it as a sync sample', () => {
    const movie = recorded(false)
    const video = at(movie.tracks, 0)
    const pieces = video.pieces.map((piece) => ({ ...piece, keys: Uint8Array.of(12) }))
    expect(findSufficientStart(clipOf(), [{ ...movie, tracks: [{ ...video, pieces }] }], FIRST)).toBeNull()
  })
})
