import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Movie, MovieTrack } from '../../../../src/media/mp4/movie.js'
import { cutSlices, sliceLength, toSlicedFile } from '../../../../src/media/mp4/slices.js'
import { narrow } from '../../../../src/media/mp4/tables/columns.js'
import { toRuns } from '../../../../src/media/mp4/tables/runs.js'
import { layOutNow } from '../../../support/mp4-movies.js'
import { render, videoEntry } from '../../../support/mp4-recording.js'

/** Every table has a row for nearly each sample. */
function unevenMovie(count: number): Movie {
  const rows = (of: (index: number) => number) => Array.from({ length: count }, (_, index) => of(index))
  const piece = {
    count,
    sizes: narrow(rows((index) => 1 + (index % 251))),
    keys: narrow(rows((index) => index).filter((index) => index % 3 === 0)),
    chunks: { count, spans: 0, offsets: narrow(rows((index) => 300 * index)), sampleCounts: 1 },
  }
  const track: MovieTrack = {
    ...{ kind: 'video', timescale: 1000, sampleEntry: videoEntry, width: 320, height: 180, matrix: null, edits: [] },
    samples: {
      count,
      durations: toRuns(rows((index) => 30 + (index % 7))),
      compositionOffsets: toRuns(rows((index) => (index % 5) * 100)),
    },
    pieces: [piece],
  }
  return { startMs: null, tracks: [track], spans: [{ source: 0, offset: 0, length: 300 * count, skipped: 0 }], tags: [] }
}

const mediaOf = ({ spans }: Movie) => new Uint8Array(spans.reduce((most, { offset, length }) => Math.max(most, offset + length), 0)).fill(7)

describe('tables on demand', () => {
  const movie = unevenMovie(60_000)
  const file = layOutNow(movie)

  test('are created when they are read, in slices that take little time each', () => {
    const lengths = file.slices.flatMap((slice) => (slice.kind === 'bytes' && slice.length === undefined ? [slice.bytes.byteLength] : []))
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(60_000)
    const longest = Math.max(...file.slices.map((slice) => (slice.kind === 'bytes' ? sliceLength(slice) : 0)))
    expect(longest).toBeLessThanOrEqual(200_000)
  })

  test('give the same bytes for any range, for any number of reads', () => {
    const media = mediaOf(movie)
    const whole = render(layOutNow(movie), [media])
    const headBytes = whole.byteLength - media.byteLength
    const anyPlace = fc.integer({ min: 0, max: headBytes + 100 })
    fc.assert(
      fc.property(anyPlace, anyPlace, (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)]
        const cut = toSlicedFile(cutSlices(file, start, end))
        expect(Buffer.compare(render(cut, [media]), whole.subarray(start, end))).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
})
