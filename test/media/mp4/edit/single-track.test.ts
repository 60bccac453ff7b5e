import { describe, expect, test } from '@jest/globals'
import { toSingleTrack } from '../../../../src/media/mp4/edit/single-track.js'
import { sampleBytes } from '../../../../src/media/mp4/tables/pieces.js'
import { chunkRows, onlyPiece } from '../../../support/mp4-movies.js'
import { clipMovie, record } from '../../../support/mp4-recording.js'

const made = (hasBFrames: boolean) => clipMovie(record({ fragments: 2, hasBFrames, sound: 'aac' }), 'aac')

describe('a single extracted track', () => {
  test.each([0, 1])('contains the bytes of its own samples, in order (track %i)', (index) => {
    const { movie, media } = made(true)
    const track = movie.tracks[index]
    if (track === undefined) throw new Error('no such track')
    const single = toSingleTrack(movie, track)
    const piece = onlyPiece(track)
    const total = sampleBytes(piece, 0, piece.count)
    expect(single.spans.reduce((sum, { length }) => sum + length, 0)).toBe(total)
    expect(single.tracks).toHaveLength(1)
    expect(single.tracks.flatMap(({ pieces }) => pieces).map(chunkRows)).toEqual([[{ span: 0, offset: 0, count: piece.count }]])
    const bytes = Buffer.concat(single.spans.map(({ offset, length }) => media.subarray(offset, offset + length)))
    expect(bytes.byteLength).toBe(total)
  })
})
