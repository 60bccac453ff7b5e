import { describe, expect, test } from '@jest/globals'
import { toSingleTrack } from '../../../../src/media/mp4/edit/single-track.js'
import { clipMovie, record } from '../../../support/mp4-recording.js'

const made = (hasBFrames: boolean) => clipMovie(record({ fragments: 2, hasBFrames, sound: 'aac' }), 'aac')

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
