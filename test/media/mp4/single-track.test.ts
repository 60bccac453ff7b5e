import { describe, expect, test } from '@jest/globals'
import type { MovieTrack } from '../../../src/media/mp4/movie.js'
import { placementOf, presentationTicks } from '../../../src/media/mp4/presentation.js'
import { decodeEarlier, toSingleTrack } from '../../../src/media/mp4/single-track.js'
import { clipMovie, record } from '../../support/mp4-recording.js'

const made = (hasBFrames: boolean) => clipMovie(record({ fragments: 2, hasBFrames, sound: 'aac' }), 'aac')
const video = ({ movie }: ReturnType<typeof made>): MovieTrack => {
  const track = movie.tracks.find(({ kind }) => kind === 'video')
  if (track === undefined) throw new Error('no video')
  return track
}

describe('one track by itself', () => {
  test.each([0, 1])('holds the bytes of its own samples, in order (track %i)', (index) => {
    const { movie, media } = made(true)
    const track = movie.tracks[index]
    if (track === undefined) throw new Error('no such track')
    const single = toSingleTrack(movie, track)
    const sizes = track.samples.sizes
    const total = typeof sizes === 'number' ? sizes * track.samples.count : sizes.reduce((sum, size) => sum + size, 0)
    expect(single.spans.reduce((sum, { length }) => sum + length, 0)).toBe(total)
    expect(single.tracks).toHaveLength(1)
    expect(single.tracks[0]?.chunks).toMatchObject({ count: 1, sampleCounts: Uint32Array.of(track.samples.count) })
    const bytes = Buffer.concat(single.spans.map(({ offset, length }) => media.subarray(offset, offset + length)))
    expect(bytes.byteLength).toBe(total)
  })
})

describe('decoding earlier', () => {
  test.each([false, true])('shows every frame when it was shown before (B-frames: %s)', (hasBFrames) => {
    const track = video(made(hasBFrames))
    const earlier = decodeEarlier(track, 200)
    expect([...presentationTicks(earlier)]).toEqual([...presentationTicks(track)])
    expect(placementOf(earlier).mediaTime).toBe(200)
    expect(placementOf(earlier).originTicks).toBe(placementOf(track).originTicks - 200 + placementOf(track).mediaTime)
  })

  test('leaves a track alone that is decoded as early already', () => {
    const track = video(made(true))
    expect(decodeEarlier(track, placementOf(track).mediaTime)).toBe(track)
    expect(decodeEarlier(track, 0)).toBe(track)
  })
})
