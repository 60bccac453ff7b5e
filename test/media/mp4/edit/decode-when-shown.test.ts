import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeWhenShown } from '../../../../src/media/mp4/edit/decode-when-shown.js'
import type { MovieTrack } from '../../../../src/media/mp4/movie.js'
import { placementOf, presentationTicks } from '../../../../src/media/mp4/tables/presentation.js'
import { timeVideo } from '../../../../src/media/timeline/video-timeline.js'
import { durationRows } from '../../../support/mp4-movies.js'

/** A track of frames with these presentation times, in decoding order. */
function trackOf(timesMs: readonly number[]): MovieTrack {
  const { samples, piece, durationMs, mediaTime } = timeVideo({
    count: timesMs.length,
    timesMs: Float64Array.from(timesMs),
    sizes: new Uint32Array(timesMs.length).fill(10),
    keys: Uint8Array.from(timesMs, (_, index) => (index === 0 ? 1 : 0)),
    spans: new Uint32Array(timesMs.length),
    offsets: new Float64Array(timesMs.length),
  })
  const track = { kind: 'video', timescale: 1000, sampleEntry: new Uint8Array(0), width: 320, height: 180, matrix: null } as const
  return { ...track, samples, pieces: [piece], edits: mediaTime === 0 ? [] : [{ durationMs, mediaTime }] }
}

function decodedAt(track: MovieTrack, startMs = 0): number[] {
  const durations = durationRows(track)
  return durations.map((_, index) => durations.slice(0, index).reduce((sum, ms) => sum + ms, startMs))
}

describe('moving decoding to the presentation time of the first frame', () => {
  test('spreads the frames with earlier decoding times, and leaves the others unchanged', () => {
    const track = decodeWhenShown(trackOf([0, 160, 80, 40, 120, 320, 240, 200, 280]))
    expect(decodedAt(track)).toEqual([0, 13, 26, 40, 80, 120, 160, 200, 240])
    expect(track.edits).toEqual([])
    expect([...presentationTicks(track)]).toEqual([0, 160, 80, 40, 120, 320, 240, 200, 280])
  })

  test('keeps the duration of the last frame', () => {
    expect(durationRows(decodeWhenShown(trackOf([0, 160, 80, 40, 120]))).at(-1)).toBe(40)
  })

  test('does not change a track without reordering', () => {
    const track = trackOf([0, 40, 80])
    expect(decodeWhenShown(track)).toBe(track)
  })

  test('keeps the position of a track that starts after the movie', () => {
    const track = trackOf([0, 80, 40])
    const late = { ...track, edits: [{ durationMs: 70, mediaTime: -1 }, ...track.edits] }
    expect([...presentationTicks(decodeWhenShown(late))]).toEqual([70, 150, 110])
    expect(placementOf(decodeWhenShown(late)).originTicks).toBe(70)
  })

  test('keeps every presentation time, and shows no frame before it is decoded, for any order', () => {
    const times = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(times, fc.boolean(), (timesMs, areDistinct) => {
        const track = trackOf(areDistinct ? [...new Set(timesMs)] : timesMs)
        const decoded = decodeWhenShown(track)
        expect([...presentationTicks(decoded)]).toEqual([...presentationTicks(track)])
        const first = Math.min(...presentationTicks(track))
        expect(placementOf(decoded).originTicks).toBe(first)
        const ticks = decodedAt(decoded, first)
        presentationTicks(decoded).forEach((shown, index) => {
          expect(shown).toBeGreaterThanOrEqual(ticks[index] ?? 0)
        })
      }),
    )
  })
})
