import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Edit, Movie, MovieTrack, TrackPiece } from '../../../../src/media/mp4/movie.js'
import { narrow, rowAt, toShortest } from '../../../../src/media/mp4/tables/columns.js'
import { lastDuration, placementOf, presentationTicks, toMs, toTicks } from '../../../../src/media/mp4/tables/presentation.js'
import { sumRuns, toRuns } from '../../../../src/media/mp4/tables/runs.js'
import { chunkRows, durationRows, joinNow, layOutNow, onlyPiece } from '../../../support/mp4-movies.js'
import { type RecordedFragment, record, render, toPart } from '../../../support/mp4-recording.js'

// A simple join that holds all rows of all parts in memory. The real join must give the same bytes.

interface NaiveTrack {
  readonly track: MovieTrack
  readonly fromMs: number
  readonly toMs: number
  readonly mediaTime: number
}

/** `startsMs`: when each part starts, in milliseconds of the joined movie. */
function joinRowByRow(movies: readonly Movie[], startsMs: readonly number[]): Movie {
  const video = joinPictures(movies, startsMs)
  const joined = movies[0]?.tracks.length === 2 ? [video, joinSound(movies, startsMs)] : [video]
  const firstMs = Math.min(...joined.map(({ fromMs }) => Math.round(fromMs)))
  return { startMs: null, tracks: joined.map((one) => withEdits(one, firstMs)), spans: movies.flatMap(({ spans }) => spans), tags: [] }
}

function joinPictures(movies: readonly Movie[], startsMs: readonly number[]): NaiveTrack {
  const tracks = movies.map(({ tracks: [video] }) => must(video))
  const shown = tracks.flatMap((track, part) => [...presentationTicks(track)].map((ticks) => ticks + toTicks(must(startsMs[part]), 1000)))
  const decoded = shown.toSorted((a, b) => a - b)
  const shift = Math.max(...decoded.map((ticks, index) => ticks - must(shown[index])))
  const lastTicks = lastDuration(must(tracks.at(-1)).samples)
  const samples = {
    count: shown.length,
    durations: toRuns(decoded.map((ticks, index) => (decoded[index + 1] ?? ticks + lastTicks) - ticks)),
    compositionOffsets: shift === 0 ? null : toRuns(shown.map((ticks, index) => ticks + shift - must(decoded[index]))),
  }
  const track = { ...must(tracks[0]), samples, pieces: [joinRows(movies, 0)] }
  return { track, fromMs: must(decoded[0]), toMs: Math.max(...shown) + lastTicks, mediaTime: shift }
}

function joinSound(movies: readonly Movie[], startsMs: readonly number[]): NaiveTrack {
  const tracks = movies.map(({ tracks: [, sound] }) => must(sound))
  const { timescale } = must(tracks[0])
  const durations: number[] = []
  let [start, end] = [0, 0]
  for (const [part, track] of tracks.entries()) {
    const ticks = toTicks(must(startsMs[part]), timescale) + placementOf(track).originTicks
    if (durations.length === 0) [start, end] = [ticks, ticks]
    else if (Math.abs(ticks - end) > timescale / 1000) end += moveEnd(durations, ticks - end)
    durations.push(...durationRows(track))
    end += sumRuns(track.samples.durations)
  }
  const samples = { count: durations.length, durations: toRuns(durations), compositionOffsets: null }
  const fromMs = Math.max(placementOf(must(tracks[0])).delayMs, toMs(start, timescale))
  const track = { ...must(tracks[0]), samples, pieces: [joinRows(movies, 1)] }
  return { track, fromMs, toMs: toMs(end, timescale), mediaTime: toTicks(fromMs, timescale) - start }
}

/** Stretches the last sample, or shortens the last samples to one tick each. Returns how far the end moved. */
function moveEnd(durations: number[], ticks: number): number {
  let left = ticks
  for (let index = durations.length - 1; index >= 0 && left !== 0; index -= 1) {
    const given = Math.max(left, 1 - must(durations[index]))
    durations[index] = must(durations[index]) + given
    left -= given
  }
  return ticks - left
}

function joinRows(movies: readonly Movie[], trackIndex: number): TrackPiece {
  const pieces = movies.map(({ tracks }) => onlyPiece(must(tracks[trackIndex])))
  const rows = pieces.flatMap(({ count, sizes, keys }) =>
    Array.from({ length: count }, (_, index) => ({ size: rowAt(sizes, index), isKey: keys === null || keys.includes(index) })),
  )
  const chunks = pieces.flatMap((piece, span) => chunkRows(piece).map(({ offset, count }) => ({ span, offset, count })))
  return {
    count: rows.length,
    sizes: pieces.every(({ sizes }) => typeof sizes === 'number') ? must(rows[0]).size : narrow(rows.map(({ size }) => size)),
    keys: rows.every(({ isKey }) => isKey) ? null : narrow(rows.flatMap(({ isKey }, index) => (isKey ? [index] : []))),
    chunks: {
      count: chunks.length,
      spans: narrow(chunks.map(({ span }) => span)),
      offsets: Float64Array.from(chunks, ({ offset }) => offset),
      sampleCounts: toShortest(narrow(chunks.map(({ count }) => count))),
    },
  }
}

function withEdits({ track, fromMs, toMs: untilMs, mediaTime }: NaiveTrack, firstMs: number): MovieTrack {
  const emptyMs = Math.round(fromMs - firstMs)
  const durationMs = Math.round(untilMs - firstMs) - emptyMs
  const empty: Edit[] = emptyMs === 0 ? [] : [{ durationMs: emptyMs, mediaTime: -1 }]
  const isWhole = emptyMs === 0 && mediaTime === 0 && durationMs === Math.round(toMs(sumRuns(track.samples.durations), track.timescale))
  return { ...track, edits: isWhole ? [] : [...empty, { durationMs, mediaTime }] }
}

/** When each part starts in a joined movie, by its first frame. */
function startsOf(joined: Movie, movies: readonly Movie[]): number[] {
  const shown = presentationTicks(must(joined.tracks[0]))
  let first = 0
  return movies.map(({ tracks: [video] }) => {
    const startMs = must(shown[first]) - must(presentationTicks(must(video))[0])
    first += must(video).samples.count
    return startMs
  })
}

function must<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the recording has fewer rows')
  return value
}

interface Cut {
  /** Missing frames at the end of the part. Its sound then overlaps the next part if that follows immediately. */
  readonly framesLost: number
  readonly isListed: boolean
}

const anyCuts = fc.array(fc.record({ framesLost: fc.integer({ min: 0, max: 6 }), isListed: fc.boolean() }), { minLength: 1, maxLength: 4 })

/** Two fragments for each part. */
function partsOf(fragments: readonly RecordedFragment[], cuts: readonly Cut[], jitterMs: readonly number[], sound: 'aac' | null) {
  return cuts.map(({ framesLost, isListed }, source) => {
    const kept = fragments.slice(2 * source, 2 * source + 2).map((fragment, index) => ({
      ...fragment,
      video: fragment.video
        .map((frame, number) => (frame.isKey ? frame : { ...frame, timeMs: frame.timeMs + must(jitterMs[number % jitterMs.length]) }))
        .slice(0, index === 1 && framesLost > 0 ? -framesLost : undefined),
    }))
    const { part, file } = toPart(kept, sound, source)
    return { part: { ...part, clock: isListed ? part.clock : null }, file }
  })
}

describe('a join', () => {
  test('gives the same bytes as a row-by-row join for late, lost and extra frames, across holes and overlaps', () => {
    fc.assert(
      fc.property(
        anyCuts,
        fc.record({
          framesPerFragment: fc.integer({ min: 8, max: 16 }),
          rate: fc.constantFrom(12.5, 25, 29.97, 30),
          hasBFrames: fc.boolean(),
          sound: fc.constantFrom<null | 'aac'>(null, 'aac'),
          gaps: fc.constantFrom(new Map<number, number>(), new Map([[2, 61_000]]), new Map([[4, 700]])),
        }),
        fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 13 }),
        (cuts, options, jitterMs) => {
          const fragments = record({ ...options, fragments: 2 * cuts.length })
          // A join takes ownership of its parts, so the second join needs its own parts.
          const [parts, same] = [1, 2].map(() => partsOf(fragments, cuts, jitterMs, options.sound).map(({ part }) => part))
          const files = partsOf(fragments, cuts, jitterMs, options.sound).map(({ file }) => file)
          const movies = must(same).map(({ movie }) => movie)
          const joined = joinNow(must(parts), { startMs: null, tags: [] })
          if (!joined.joined) throw new Error(joined.message)
          const expected = render(layOutNow(joinRowByRow(movies, startsOf(joined.movie, movies))), files)
          expect(Buffer.compare(render(layOutNow(joined.movie), files), expected)).toBe(0)
        },
      ),
      { numRuns: 300 },
    )
  })
})

test('a join frees the times that it computed', () => {
  const fragments = record({ fragments: 6, rate: 29.97, hasBFrames: true, sound: 'aac', gaps: new Map([[2, 5000]]) })
  const parts = [0, 2, 4].map((from, source) => toPart(fragments.slice(from, from + 2), 'aac', source).part)
  const runs = parts.flatMap(({ movie: { tracks } }) => [tracks[0]?.samples.durations, tracks[0]?.samples.compositionOffsets])
  const lengths = () => runs.flatMap((one) => [one?.counts.length, one?.values.length])
  expect(lengths().every((length) => length !== undefined && length > 0)).toBe(true)
  expect(joinNow(parts, { startMs: null, tags: [] }).joined).toBe(true)
  expect(lengths()).toEqual(Array.from({ length: 12 }, () => 0))
})
