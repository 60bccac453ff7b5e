import { describe, expect, test } from '@jest/globals'
import { cutTrack } from '../../../../src/media/mp4/edit/cut-track.js'
import { joinNow } from '../../../support/mp4-movies.js'
import { record, toPart } from '../../../support/mp4-recording.js'

describe('cutting a track into pieces', () => {
  const fragments = record({ fragments: 6, sound: 'alaw' })
  const parts = [0, 2, 4].map((from, source) => toPart(fragments.slice(from, from + 2), 'alaw', source).part)
  const joined = joinNow(parts, { startMs: null, tags: [] })
  const [video, sound] = joined.joined ? joined.movie.tracks : []
  if (video === undefined || sound === undefined) throw new Error('the parts can be joined')

  test('shares the pieces between the borders, and shortens those at the borders', () => {
    const cut = cutTrack(video, 5, 65)
    expect(cut.pieces.map(({ count }) => count)).toEqual([19, 24, 17])
    expect(cut.pieces[1]).toBe(video.pieces[1])
    expect(cut.pieces.map(({ keys }) => [...(keys ?? [])])).toEqual([[7], [0, 12], [0, 12]])
    expect(cut.samples.count).toBe(60)
  })

  test('keeps the size of a sample when no sample remains', () => {
    expect(cutTrack(sound, 0, 0)).toMatchObject({ samples: { count: 0 }, pieces: [{ count: 0, sizes: 1 }] })
  })
})
