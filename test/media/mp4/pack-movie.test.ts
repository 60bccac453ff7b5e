import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Column, Movie } from '../../../src/media/mp4/movie.js'
import { packAndFree, packMovie } from '../../../src/media/mp4/pack-movie.js'
import { cutSlices, sliceLength, toSlicedFile } from '../../../src/media/mp4/slices.js'
import { layOutMovie, layOutOnDemandInSteps } from '../../../src/media/mp4/write/lay-out-movie.js'
import { finishNow } from '../../../src/media/steps.js'
import { anyMovie } from '../../support/mp4-any-movie.js'
import { clipMovie, record, render, videoEntry } from '../../support/mp4-recording.js'

/** Every table has a row for nearly each sample. */
function unevenMovie(count: number): Movie {
  const rows = (of: (index: number) => number) => Uint32Array.from({ length: count }, (_, index) => of(index))
  const offsets = rows((index) => 300 * index)
  const track = {
    kind: 'video',
    timescale: 1000,
    sampleEntry: videoEntry,
    width: 320,
    height: 180,
    matrix: null,
    samples: {
      count,
      sizes: rows((index) => 1 + (index % 251)),
      durations: rows((index) => 30 + (index % 7)),
      compositionOffsets: rows((index) => (index % 5) * 100),
      syncs: Uint8Array.from({ length: count }, (_, index) => (index % 3 === 0 ? 1 : 0)),
    },
    chunks: { count, spans: new Uint32Array(count), offsets, sampleCounts: new Uint32Array(count).fill(1) },
    edits: [],
  } as const
  return { startMs: null, tracks: [track], spans: [{ source: 0, offset: 0, length: 300 * count }], tags: [] }
}

const mediaOf = ({ spans }: Movie) => new Uint8Array(spans.reduce((most, { offset, length }) => Math.max(most, offset + length), 0)).fill(7)
const bytesOfRow = (rows: Column | Float64Array | number | null | undefined) => (ArrayBuffer.isView(rows) ? rows.BYTES_PER_ELEMENT : 0)

describe('a packed movie', () => {
  test('is laid out to the bytes of the movie that it was made of, tables made at once or on demand', () => {
    fc.assert(
      fc.property(anyMovie, (movie) => {
        const whole = render(layOutMovie(movie), [mediaOf(movie)])
        const packed = packMovie(movie)
        for (const file of [layOutMovie(packed), finishNow(layOutOnDemandInSteps(packed))])
          expect(Buffer.compare(render(file, [mediaOf(movie)]), whole)).toBe(0)
      }),
      { numRuns: 200 },
    )
  })

  test('takes as few bytes a row as its largest number needs, and none where all rows are the same', () => {
    const [track] = packMovie(unevenMovie(1000)).tracks
    const [piece] = track?.pieces ?? []
    const { durations, compositionOffsets } = track?.samples ?? {}
    expect([durations, compositionOffsets].map((runs) => typeof runs === 'object' && [runs?.counts, runs?.values].map(bytesOfRow))).toEqual(
      [
        [1, 1],
        [1, 2],
      ],
    )
    expect([piece?.sizes, piece?.keys, piece?.chunks.offsets].map(bytesOfRow)).toEqual([1, 2, 4])
    expect(piece?.chunks).toMatchObject({ spans: 0, sampleCounts: 1 })
  })

  test('needs nothing of a movie that is given up for it', () => {
    const { movie, media } = clipMovie(record({ fragments: 3, hasBFrames: true, sound: 'aac' }), 'aac')
    const whole = render(layOutMovie(movie), [media])
    const packed = packAndFree(movie)
    const left = movie.tracks.flatMap(({ samples, chunks }) => [...Object.values(samples), ...Object.values(chunks)])
    expect(left.filter(ArrayBuffer.isView).map(({ byteLength }) => byteLength)).toEqual(Array.from({ length: 11 }, () => 0))
    expect(render(layOutMovie(packed), [media])).toEqual(whole)
  })
})

describe('tables on demand', () => {
  const movie = unevenMovie(60_000)
  const file = finishNow(layOutOnDemandInSteps(packMovie(movie)))

  test('are not there until they are read, and in slices that are soon made', () => {
    const lengths = file.slices.flatMap((slice) => (slice.kind === 'bytes' && slice.length === undefined ? [slice.bytes.byteLength] : []))
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(60_000)
    const longest = Math.max(...file.slices.map((slice) => (slice.kind === 'bytes' ? sliceLength(slice) : 0)))
    expect(longest).toBeLessThanOrEqual(200_000)
  })

  test('give the same bytes for any range, as often as they are asked for', () => {
    const media = mediaOf(movie)
    const whole = render(layOutMovie(movie), [media])
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
