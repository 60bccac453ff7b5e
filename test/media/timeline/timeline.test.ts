import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MalformedMedia } from '../../../src/media/malformed-media.js'
import { EMPTY_SAMPLE_TABLE } from '../../../src/media/matroska/sample-table.js'
import type { MatroskaTrack } from '../../../src/media/matroska/track.js'
import type { Movie, MovieTrack } from '../../../src/media/mp4/movie.js'
import { readRuns, runOf } from '../../../src/media/mp4/tables/runs.js'
import { buildFragmentMovie, type MovieFragment } from '../../../src/media/timeline/fragment-movie.js'
import { NO_TIMING, videoOf } from '../../support/matroska-track.js'
import { chunkRows, durationRows, onlyPiece } from '../../support/mp4-movies.js'

const AVCC = new Uint8Array(Buffer.from('0164000bffe100176764000bacb4187fde0220000003002000000641e2855401000568ef0472c0fdf8f800', 'hex'))
const AAC = Uint8Array.of(0x11, 0x88)
const ULAW = new Uint8Array(Buffer.from('07000100401f0000401f0000010008000000', 'hex'))
const VIDEO: MatroskaTrack = {
  number: 1,
  type: 'video',
  codecId: 'V_MPEG4/ISO/AVC',
  codecPrivate: AVCC,
  video: videoOf(64, 48),
  audio: null,
  ...NO_TIMING,
}
const SOUND: MatroskaTrack = {
  number: 2,
  type: 'audio',
  codecId: 'A_AAC',
  codecPrivate: AAC,
  video: null,
  audio: { sampleRate: 48000, channels: 1 },
  ...NO_TIMING,
}
const PHONE: MatroskaTrack = {
  number: 2,
  type: 'audio',
  codecId: 'A_MS/ACM',
  codecPrivate: ULAW,
  video: null,
  audio: { sampleRate: 8000, channels: 1 },
  ...NO_TIMING,
}

interface Row {
  readonly track?: number
  readonly time: number
  readonly size?: number
  readonly key?: boolean
  /** Bytes between the previous frame and this one: the head of the block. */
  readonly head?: number
}

function fragment(timestampMs: number, rows: readonly Row[], tracks: readonly MatroskaTrack[] = [VIDEO]): MovieFragment {
  let end = 20
  const offsets = rows.map(({ size = 10, head = 7 }) => {
    end += head + size
    return end - size
  })
  const samples = {
    count: rows.length,
    tracks: Uint8Array.from(rows, ({ track = 1 }) => track),
    offsets: Uint32Array.from(offsets),
    sizes: Uint32Array.from(rows, ({ size = 10 }) => size),
    times: Int32Array.from(rows, ({ time }) => time),
    keys: Uint8Array.from(rows, ({ key = false }) => (key ? 1 : 0)),
  }
  return { tracks, samples, timestampMs, source: 0, clusterOffset: 0, clusterBytes: end }
}

function trackOf(movie: Movie, index = 0): MovieTrack {
  const track = movie.tracks[index]
  if (!track) throw new Error(`no track ${index}`)
  return track
}

/** When each sample is shown, in ticks of its track from the start of the movie, with the tables and the edit list applied. */
function shownAt(track: MovieTrack): number[] {
  const emptyMs = track.edits.find(({ mediaTime }) => mediaTime === -1)?.durationMs ?? 0
  const mediaTime = track.edits.find((edit) => edit.mediaTime >= 0)?.mediaTime ?? 0
  let clock = (emptyMs * track.timescale) / 1000 - mediaTime
  const { compositionOffsets } = track.samples
  const nextOffset = compositionOffsets === null ? () => 0 : readRuns(compositionOffsets)
  return durationRows(track).map((duration) => {
    const at = clock + nextOffset()
    clock += duration
    return at
  })
}

const chunksOf = (track: MovieTrack) => chunkRows(onlyPiece(track)).map(({ span, offset, count }) => `${span} ${offset} ${count}`)

const gop = (...times: readonly number[]): Row[] => times.map((time, index) => ({ time, key: index === 0 }))

describe('video', () => {
  test('without reordering has neither offsets nor edits', () => {
    const track = trackOf(buildFragmentMovie([fragment(5000, gop(0, 40, 80))]))
    expect(track).toMatchObject({ kind: 'video', timescale: 1000, width: 192, height: 108, edits: [] })
    expect(track.samples.compositionOffsets).toBeNull()
    expect(onlyPiece(track).keys).toEqual(Uint8Array.of(0))
    expect(durationRows(track)).toEqual([40, 40, 40])
  })

  test('with B-frames is decoded in file order and shown at its times', () => {
    const times = [0, 160, 80, 40, 120, 320, 240, 200, 280]
    const track = trackOf(buildFragmentMovie([fragment(5000, gop(...times))]))
    expect(shownAt(track)).toEqual(times)
    expect(track.edits).toEqual([{ durationMs: 360, mediaTime: 80 }])
    expect(Math.min(...(track.samples.compositionOffsets?.values ?? []))).toBe(0)
  })

  test('that is reordered across a Cluster border is one contiguous span', () => {
    const movie = buildFragmentMovie([fragment(1000, gop(0, 160, 80)), fragment(1040, [{ time: 0 }, { time: 80 }, { time: 280 }])])
    expect(shownAt(trackOf(movie))).toEqual([0, 160, 80, 40, 120, 320])
  })

  test('with equal times keeps every frame', () => {
    const track = trackOf(buildFragmentMovie([fragment(0, gop(0, 40, 40, 80))]))
    expect(durationRows(track)).toEqual([40, 0, 40, 40])
  })

  test('with only key frames has no sync table', () => {
    const rows = [0, 40].map((time) => ({ time, key: true }))
    expect(onlyPiece(trackOf(buildFragmentMovie([fragment(0, rows)]))).keys).toBeNull()
  })

  test('with one frame has an estimated duration, and a last frame after a hole lasts as long as other frames', () => {
    expect(durationRows(trackOf(buildFragmentMovie([fragment(0, gop(0))])))).toEqual([40])
    expect(durationRows(trackOf(buildFragmentMovie([fragment(0, gop(0, 33)), fragment(9000, gop(0))])))).toEqual([33, 8967, 33])
  })

  test("starts the movie at the first shown frame, by the producer's clock", () => {
    expect(buildFragmentMovie([fragment(7000, gop(-20, 20))]).startMs).toBe(6980)
  })

  test.each([2, 40, 131])(
    'is shown at the times of the source with decoding times that never decrease, for any times (%i frames)',
    (count) => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: -32768, max: 32767 }), { minLength: 1, maxLength: count }), (times) => {
          const track = trackOf(buildFragmentMovie([fragment(100_000, gop(...times))]))
          const first = Math.min(...times)
          expect(shownAt(track)).toEqual(times.map((time) => time - first))
          expect(durationRows(track).every((duration) => duration >= 0)).toBe(true)
        }),
      )
    },
  )
})

describe('fragments', () => {
  test('keep their distance across a hole, which extends the previous frame', () => {
    const movie = buildFragmentMovie([fragment(0, gop(0, 40)), fragment(10_000, gop(0, 40))])
    expect(shownAt(trackOf(movie))).toEqual([0, 40, 10_000, 10_040])
    expect(durationRows(trackOf(movie))).toEqual([40, 9960, 40, 40])
  })

  test('of another ingest run that goes back in time follow directly, at their own distances', () => {
    const first = [fragment(10_000, gop(0, 40)), fragment(10_080, gop(0, 40))]
    const again = [fragment(10_040, gop(0, 40)), fragment(10_120, gop(0, 40)), fragment(11_120, gop(0, 40))]
    expect(shownAt(trackOf(buildFragmentMovie([...first, ...again])))).toEqual([0, 40, 80, 120, 160, 200, 240, 280, 1240, 1280])
  })

  test('that begin during the previous fragment follow directly', () => {
    const movie = buildFragmentMovie([fragment(0, gop(0, 1000, 2000)), fragment(1500, gop(0, 1000))])
    expect(shownAt(trackOf(movie))).toEqual([0, 1000, 2000, 3000, 4000])
  })

  test('of one upload keep their times, however far a single picture is reordered', () => {
    const alone = (timestampMs: number, time: number, key = false) => ({ ...fragment(timestampMs, [{ time, key }]), session: 7 })
    const movie = buildFragmentMovie([alone(0, 0, true), alone(500, 1500), alone(1000, -500), alone(1500, -500), alone(2000, -500)])
    expect(shownAt(trackOf(movie))).toEqual([0, 2000, 500, 1000, 1500])
  })

  test('with the same producer timestamp follow each other', () => {
    const movie = buildFragmentMovie([fragment(500, gop(0, 40)), fragment(500, gop(0, 40))])
    expect(shownAt(trackOf(movie))).toEqual([0, 40, 80, 120])
  })

  test('more than a day apart follow directly, and others keep their distance', () => {
    const day = 86_400_000
    const shownAfter = (ms: number) => shownAt(trackOf(buildFragmentMovie([fragment(0, gop(0, 40)), fragment(ms, gop(0))])))
    expect(shownAfter(day + 1)).toEqual([0, 40, 80])
    expect(shownAfter(day)).toEqual([0, 40, day])
  })

  test('each give one complete span', () => {
    const second = { ...fragment(80, gop(0)), source: 3, clusterOffset: 100 }
    const { spans } = buildFragmentMovie([fragment(0, gop(0, 40)), second])
    expect(spans).toEqual([
      { source: 0, offset: 0, length: 54, skipped: 0 },
      { source: 3, offset: 100, length: 37, skipped: 0 },
    ])
  })
})

describe('chunks', () => {
  test('contain one sample when block heads lie between samples, and several when frames are laced', () => {
    const rows: Row[] = [
      { time: 0, track: 1 },
      { time: 0, track: 2 },
      { time: 0, track: 2, head: 0 },
      { time: 21, track: 2, head: 4 },
      { time: 40, track: 1 },
    ]
    const movie = buildFragmentMovie([fragment(0, rows, [VIDEO, SOUND]), fragment(80, rows, [VIDEO, SOUND])])
    expect(chunksOf(trackOf(movie))).toEqual(['0 27 1', '0 85 1', '1 27 1', '1 85 1'])
    expect(chunksOf(trackOf(movie, 1))).toEqual(['0 44 2', '0 68 1', '1 44 2', '1 68 1'])
  })
})

describe('sound', () => {
  const frames = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => ({ track: 2, time: Math.round(from + (index * 1024) / 48) }))
  const withSound = (rows: readonly Row[]) => fragment(0, [...gop(0, 40, 80), ...rows], [VIDEO, SOUND])

  test('of AAC continues by its own clock, without the rounding to milliseconds', () => {
    const track = trackOf(buildFragmentMovie([withSound(frames(40))]), 1)
    expect(durationRows(track)).toEqual(new Array(40).fill(1024))
    expect(track.timescale).toBe(48000)
  })

  test('of AAC is corrected when it drifts by more than 2 ms', () => {
    const track = trackOf(buildFragmentMovie([withSound([...frames(3), ...frames(3, 500)])]), 1)
    expect(shownAt(track)).toEqual([0, 1024, 2048, 24_000, 25_024, 26_048])
  })

  test('of AAC never goes back, for any times', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 60 }), (times) => {
        const rows = times.map((time) => ({ track: 2, time }))
        const track = trackOf(buildFragmentMovie([withSound(rows)]), 1)
        expect(durationRows(track).every((duration) => duration >= 1)).toBe(true)
      }),
    )
  })

  test('that is laced follows the time of its block', () => {
    const rows = [0, 0, 0, 64, 64, 64].map((time) => ({ track: 2, time }))
    expect(durationRows(trackOf(buildFragmentMovie([withSound(rows)]), 1))).toEqual(new Array(6).fill(1024))
  })

  test('that starts later than the picture begins with an empty edit', () => {
    const track = trackOf(buildFragmentMovie([withSound(frames(4, 33))]), 1)
    expect(track.edits).toEqual([
      { durationMs: 33, mediaTime: -1 },
      { durationMs: 85, mediaTime: 0 },
    ])
  })

  test('that starts earlier than the picture delays the picture', () => {
    const movie = buildFragmentMovie([withSound(frames(4, -21))])
    expect(movie.startMs).toBe(-21)
    expect(shownAt(trackOf(movie))).toEqual([21, 61, 101])
    expect(trackOf(movie, 1).edits).toEqual([])
  })
})

describe('G.711', () => {
  const blocks = (...rows: readonly (readonly [time: number, size: number])[]) =>
    trackOf(
      buildFragmentMovie([fragment(0, [...gop(0, 40), ...rows.map(([time, size]) => ({ track: 2, time, size }))], [VIDEO, PHONE])]),
      1,
    )

  test('has one sample for each byte and one chunk for each block', () => {
    const track = blocks([0, 160], [20, 160], [40, 80])
    expect(track.samples).toEqual({ count: 400, durations: runOf(400, 1), compositionOffsets: null })
    expect(onlyPiece(track)).toMatchObject({ count: 400, sizes: 1, keys: null })
    expect(chunkRows(onlyPiece(track)).map(({ count }) => count)).toEqual([160, 160, 80])
  })

  test('extends the sample before a hole, in runs', () => {
    const track = blocks([0, 160], [1000, 160], [1020, 160])
    expect(track.samples.durations).toEqual({ counts: Uint16Array.of(159, 1, 320), values: Uint16Array.of(1, 7841, 1) })
  })

  test('drops duplicate samples', () => {
    const track = blocks([0, 800], [50, 800], [150, 80])
    const chunks = chunkRows(onlyPiece(track))
    expect(chunks.map(({ count }) => count)).toEqual([800, 400, 80])
    expect(chunks[1]?.offset).toBe((chunks[0]?.offset ?? 0) + 800 + 7 + 400)
  })

  test('ignores small drift', () => {
    expect(blocks([0, 160], [22, 160], [35, 160]).samples.durations).toEqual(runOf(480, 1))
  })
})

describe('a movie', () => {
  test('without fragments or without frames has no tracks', () => {
    expect(buildFragmentMovie([])).toEqual({ startMs: null, tracks: [], spans: [], tags: [] })
    expect(buildFragmentMovie([{ ...fragment(0, []), samples: EMPTY_SAMPLE_TABLE }]).tracks).toEqual([])
  })

  test('excludes a track without frames, and one that is neither video nor audio', () => {
    const other: MatroskaTrack = { ...SOUND, number: 3, type: 'other' }
    expect(buildFragmentMovie([fragment(0, gop(0), [VIDEO, SOUND, other])]).tracks.map(({ kind }) => kind)).toEqual(['video'])
  })

  test('has its video first, for any order of the tracks', () => {
    const rows = [
      { time: 0, track: 2 },
      { time: 0, key: true },
    ]
    expect(buildFragmentMovie([fragment(0, rows, [SOUND, VIDEO])]).tracks.map(({ kind }) => kind)).toEqual(['video', 'audio'])
  })

  test('is refused when a codec is not ready', () => {
    expect(() => buildFragmentMovie([fragment(0, gop(0), [{ ...VIDEO, codecPrivate: null }])])).toThrow(MalformedMedia)
  })
})
