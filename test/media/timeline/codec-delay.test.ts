import { describe, expect, test } from '@jest/globals'
import type { Movie } from '../../../src/media/mp4/movie.js'
import { placementOf } from '../../../src/media/mp4/tables/presentation.js'
import { buildFragmentMovie } from '../../../src/media/timeline/fragment-movie.js'
import { demux, eventsOf } from '../../support/demux.js'
import { readFixture } from '../../support/fixtures.js'
import { joinNow } from '../../support/mp4-movies.js'

// As muxers write it for AAC: the 1,024 samples that the encoder puts before the first.

const DELAY_NS = 21_333_333

function movieOf(fragments: { first: number; count: number }, codecDelayNs: number): Movie {
  const demuxed = demux(readFixture('h264-aac.mkv'))
  const tracks = (eventsOf(demuxed, 'tracks')[0]?.tracks ?? []).map((track) =>
    track.type === 'audio' ? { ...track, codecDelayNs } : track,
  )
  const clusters = eventsOf(demuxed, 'cluster-end').slice(fragments.first, fragments.first + fragments.count)
  return buildFragmentMovie(
    clusters.map(({ samples, timestampMs, range }, source) => {
      const place = { source, clusterOffset: 0, clusterBytes: range.end - range.start }
      return { tracks, samples, timestampMs, ...place }
    }),
  )
}

describe('sound with a CodecDelay', () => {
  const [late, early] = [movieOf({ first: 0, count: 2 }, 0), movieOf({ first: 0, count: 2 }, DELAY_NS)]

  test('is played earlier by the delay, and the picture keeps its times', () => {
    const [before, after] = [late, early].map(({ tracks }) => placementOf(tracks[1] ?? never()))
    expect((before?.originTicks ?? 0) - (after?.originTicks ?? 0)).toBe(1024)
    expect(after).toMatchObject({ mediaTime: 1024, delayMs: before?.delayMs })
    expect(early.startMs).toBe(late.startMs)
    expect(early.tracks[0]).toEqual(late.tracks[0])
  })

  test('continues without a hole where parts are joined', () => {
    const parts = [movieOf({ first: 0, count: 2 }, DELAY_NS), movieOf({ first: 2, count: 2 }, DELAY_NS)]
    const joined = joinNow(
      parts.map((movie) => ({ movie, clock: null })),
      { startMs: null, tags: [] },
    )
    if (!joined.joined) throw new Error(joined.message)
    const [, sound] = joined.movie.tracks
    const { durations } = sound?.samples ?? never()
    const ticks = typeof durations === 'number' ? [durations] : [...durations.values]
    // Of 1,024 samples each, except for the rounding to milliseconds at the border.
    expect(Math.max(...ticks) - Math.min(...ticks)).toBeLessThanOrEqual(96)
    expect(sound && placementOf(sound).mediaTime).toBe(1024)
  })

  test('keeps its times when the delay is more than a second', () => {
    const [, sound] = movieOf({ first: 0, count: 2 }, 1_000_000_001).tracks
    expect(sound && placementOf(sound).mediaTime).toBe(0)
  })
})

function never(): never {
  throw new Error('the fixture has sound')
}
