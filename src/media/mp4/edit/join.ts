import type { Steps } from '../../steps.js'
import { type Movie, type MovieTrack, type TrackFormat, toEdits } from '../movie.js'
import { toMs } from '../tables/presentation.js'
import { sumRuns } from '../tables/runs.js'
import { joinAudio } from './join-audio.js'
import { type JoinedTrack, joinVideo } from './join-video.js'
import { type PartClock, placeParts, type TimedPart, timePart } from './part-timing.js'

/** One GetClip response: the movie that `readMovie` returned, and the producer's clock. */
export interface JoinPart {
  readonly movie: Movie
  /** Null if it is unknown: the part then follows the end of the one before. */
  readonly clock: PartClock | null
}

export type JoinResult =
  | { readonly joined: true; readonly movie: Movie }
  /** `partIndex`: the first part that does not match those before it. */
  | { readonly joined: false; readonly reason: JoinRefusal; readonly partIndex: number; readonly message: string }

/** Other tracks, or tracks of other codecs; the same codecs with another configuration; anything else. */
export type JoinRefusal = 'TRACKS_CHANGE' | 'CODEC_CHANGES' | 'JOIN_NOT_POSSIBLE'

export interface JoinOptions {
  /** Wall-clock time of the first sample shown, in milliseconds since 1970. */
  readonly startMs: number | null
  readonly tags: Movie['tags']
}

/**
 * Joins parts to one movie that shows every sample of every part at the times of the source. The spans are those of all parts, in order.
 * The join of one part gives any file the same form.
 *
 * Takes the parts over: the movie shares their pieces, and their time tables, which it replaces, are freed on the way. The join of a day
 * therefore needs no more memory than its parts.
 */
export function* joinMovies(parts: readonly JoinPart[], { startMs, tags }: JoinOptions): Steps<JoinResult> {
  const refusal = findMismatch(parts)
  if (refusal !== null) return refusal
  const timed: TimedPart[] = []
  for (const [partIndex, { movie, clock }] of parts.entries()) {
    const timing = timePart(movie)
    if (timing === null) return refuse(partIndex, 'the part has no video')
    const hidesInside = (timing.hidesBefore && partIndex > 0) || (timing.hidesAfter && partIndex < parts.length - 1)
    if (hidesInside) return refuse(partIndex, 'the edit list of the part hides frames')
    timed.push({ timing, clock })
    yield
  }
  const movies = parts.map(({ movie }) => movie)
  const startsMs = placeParts(timed)
  const video = yield* joinVideo(movies, { timings: timed.map(({ timing }) => timing), startsMs })
  if (video === null) return refuse(0, 'the video has a gap that is too long for a sample table')
  const joined = [video]
  if (movies.every(({ tracks }) => tracks.length > 1)) {
    const audio = yield* joinAudio(movies, startsMs)
    if (audio === null) return refuse(0, 'the sound has a gap that is too long for a sample table')
    joined.push(audio)
  }
  // The movie starts with its first picture or sound: players that ignore a leading empty edit then still play both tracks in sync.
  const zeroMs = Math.min(...joined.map(({ shownFromMs }) => Math.round(shownFromMs)))
  const tracks = joined.map((track) => withEdits(track, zeroMs))
  return { joined: true, movie: { startMs, tracks, spans: movies.flatMap(({ spans }) => spans), tags } }
}

/** The track has no edit list if all of it is shown from the start. */
function withEdits({ track, shownFromMs, shownToMs, mediaTime }: JoinedTrack, zeroMs: number): MovieTrack {
  const emptyMs = Math.round(shownFromMs - zeroMs)
  const durationMs = Math.max(Math.round(shownToMs - zeroMs) - emptyMs, 0)
  const isWhole = mediaTime === 0 && durationMs === Math.round(toMs(sumRuns(track.samples.durations), track.timescale))
  return { ...track, edits: emptyMs === 0 && isWhole ? [] : toEdits(emptyMs, { durationMs, mediaTime }) }
}

function findMismatch(parts: readonly JoinPart[]): JoinResult | null {
  const [first] = parts
  if (first === undefined) return refuse(0, 'there is no part to join')
  for (const [partIndex, { movie }] of parts.entries()) {
    const mismatch = compareTracks(first.movie.tracks, movie.tracks)
    if (mismatch !== null) return { joined: false, partIndex, ...mismatch }
  }
  return null
}

interface Mismatch {
  readonly reason: JoinRefusal
  readonly message: string
}

function compareTracks(expected: readonly TrackFormat[], got: readonly TrackFormat[]): Mismatch | null {
  const kinds = (tracks: readonly TrackFormat[]) => tracks.map(({ kind }) => kind).join(' and ')
  if (kinds(expected) !== kinds(got))
    return { reason: 'TRACKS_CHANGE', message: `the part has ${kinds(got)}, the first has ${kinds(expected)}` }
  for (const [index, track] of expected.entries()) {
    const other = got[index]
    const mismatch = other === undefined ? null : compareTrack(track, other)
    if (mismatch !== null) return mismatch
  }
  return null
}

function compareTrack(track: TrackFormat, other: TrackFormat): Mismatch | null {
  const [expected, got] = [codecOf(track), codecOf(other)]
  if (expected !== got) return { reason: 'TRACKS_CHANGE', message: `the ${track.kind} of the part is ${got}, the first has ${expected}` }
  if (Buffer.compare(track.sampleEntry, other.sampleEntry) !== 0)
    return { reason: 'CODEC_CHANGES', message: `the part and the first part have different ${track.kind} configurations` }
  if (String(track.matrix) !== String(other.matrix))
    return { reason: 'CODEC_CHANGES', message: `the part and the first part have different ${track.kind} rotations` }
  if (track.timescale === other.timescale) return null
  const message = `the ${track.kind} of the part has timescale ${other.timescale}, the first has ${track.timescale}`
  return { reason: 'JOIN_NOT_POSSIBLE', message }
}

/** The type of the sample entry, which follows its size. */
function codecOf({ sampleEntry }: TrackFormat): string {
  return String.fromCharCode(...sampleEntry.subarray(4, 8))
}

function refuse(partIndex: number, message: string): JoinResult {
  return { joined: false, reason: 'JOIN_NOT_POSSIBLE', partIndex, message }
}
