import { finishNow, type Steps } from '../../steps.js'
import type { Movie } from '../movie.js'
import { asPackedInSteps, freeTimes } from '../pack-movie.js'
import type { PackedMovie, PackedTrack } from '../packed-movie.js'
import { totalTicks } from '../tables/runs.js'
import { joinAudio } from './join-audio.js'
import { editsOf, type JoinedTimes, type JoinedTrack, joinVideo } from './join-video.js'
import { type PlacedPart, placeNextPart } from './part-placement.js'
import { type PartClock, type PartTiming, timePart } from './part-timing.js'

/** One GetClip answer: what `readMovie` understood, and what is known of its producer's clock. */
export interface JoinPart<Form extends Movie | PackedMovie = Movie> {
  readonly movie: Form
  /** Null when nothing is known: then the part follows on the end of the one before it. */
  readonly clock: PartClock | null
}

type AnyPart = JoinPart<Movie | PackedMovie>

export interface JoinedPart {
  /** Milliseconds of the joined movie at the part's own start: add it to a time in the part. May be below 0 for the first part. */
  readonly startMs: number
}

export type JoinResult =
  | { readonly joined: true; readonly movie: PackedMovie; readonly parts: readonly JoinedPart[] }
  /** `partIndex`: the first part that does not fit to those before it. */
  | { readonly joined: false; readonly reason: JoinRefusal; readonly partIndex: number; readonly message: string }

/** Other tracks, or tracks of other codecs; the same ones configured otherwise; anything else. */
export type JoinRefusal = 'TRACKS_CHANGE' | 'CODEC_CHANGES' | 'JOIN_NOT_POSSIBLE'

export interface JoinOptions {
  /** Wall-clock time of the first sample shown. */
  readonly startMs: number | null
  readonly tags: Movie['tags']
}

/**
 * Several parts as one movie: every sample of every part, shown at exactly the times of the source. One part is the degenerate join,
 * which gives any file the one form. Nothing is copied but when samples are decoded and shown; the rest is shared with packed parts.
 */
export function joinMovies(parts: readonly AnyPart[], options: JoinOptions): JoinResult {
  return finishNow(joinMoviesInSteps(parts, options))
}

export function joinMoviesInSteps(parts: readonly AnyPart[], options: JoinOptions): Steps<JoinResult> {
  return join(parts, options, () => {})
}

/**
 * The same for parts that whoever calls owns and gives away: what the join does not share with them (when their pictures are decoded and
 * shown) is freed part by part. A day's clip is joined in no more memory than its parts took.
 */
export function joinAndFreeInSteps(parts: readonly AnyPart[], options: JoinOptions): Steps<JoinResult> {
  return join(parts, options, freeTimes)
}

function* join(parts: readonly AnyPart[], { startMs, tags }: JoinOptions, whenTimed: JoinedTimes['whenTimed']): Steps<JoinResult> {
  const refusal = findMismatch(parts)
  if (refusal !== null) return refusal
  const movies: PackedMovie[] = []
  const timings: PartTiming[] = []
  for (const [partIndex, part] of parts.entries()) {
    const movie = yield* asPackedInSteps(part.movie)
    movies.push(movie)
    const timing = timePart(movie)
    if (timing === null) return refuse(partIndex, 'the part has no video')
    const hidesInside = (timing.hidesBefore && partIndex > 0) || (timing.hidesAfter && partIndex < parts.length - 1)
    if (hidesInside) return refuse(partIndex, 'the edit list of the part hides frames')
    timings.push(timing)
    yield
  }
  const startsMs = placeParts(parts, timings)
  const video = yield* joinVideo(movies, { timings, startsMs, whenTimed })
  if (video === null) return refuse(0, 'the footage has a hole longer than a table can say')
  const sound = movies.flatMap((movie) => movie.tracks[1] ?? [])
  const audio = yield* joinAudio(movies, sound, startsMs)
  if (audio === null && sound.length > 0) return refuse(0, 'the sound has a hole longer than a table can say')
  // A movie starts with what is shown or heard first: players that ignore a leading empty edit then still show both tracks in step.
  const joined = audio === null ? [video] : [video, audio]
  const zeroMs = Math.min(...joined.map(({ shownFromMs }) => Math.round(shownFromMs)))
  const spans = movies.flatMap((movie) => movie.spans)
  const movie = { startMs, tracks: joined.map((track) => withEdits(track, zeroMs)), spans, tags }
  return { joined: true, movie, parts: startsMs.map((partStartMs) => ({ startMs: partStartMs - zeroMs })) }
}

function withEdits(joined: JoinedTrack, zeroMs: number): PackedTrack {
  const moved = { ...joined, shownFromMs: joined.shownFromMs - zeroMs, shownToMs: joined.shownToMs - zeroMs }
  return { ...joined.track, edits: editsOf(moved, totalTicks(joined.track.samples)) }
}

/** Where each part starts, in milliseconds from the start of the first. */
function placeParts(parts: readonly AnyPart[], timings: readonly PartTiming[]): number[] {
  const startsMs: number[] = []
  let previous: PlacedPart | null = null
  for (const [index, timing] of timings.entries()) {
    const next = { timing, clock: parts[index]?.clock ?? null }
    const before: number = startsMs[index - 1] ?? 0
    startsMs.push(previous === null ? 0 : before + placeNextPart(previous, next))
    previous = next
  }
  return startsMs
}

function findMismatch(parts: readonly AnyPart[]): JoinResult | null {
  const [first] = parts
  if (first === undefined) return refuse(0, 'there is no part to join')
  for (const [partIndex, { movie }] of parts.entries()) {
    const mismatch = compareTracks(first.movie.tracks, movie.tracks)
    if (mismatch !== null) return { joined: false, partIndex, ...mismatch }
  }
  return null
}

type TrackFormat = Pick<PackedTrack, 'kind' | 'timescale' | 'sampleEntry' | 'matrix'>

function compareTracks(
  expected: readonly TrackFormat[],
  got: readonly TrackFormat[],
): { readonly reason: JoinRefusal; readonly message: string } | null {
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

function compareTrack(track: TrackFormat, other: TrackFormat): { readonly reason: JoinRefusal; readonly message: string } | null {
  const [was, is] = [formatOf(track), formatOf(other)]
  if (was !== is) return { reason: 'TRACKS_CHANGE', message: `the ${track.kind} of the part is ${is}, that of the first ${was}` }
  if (!isEqual(track.sampleEntry, other.sampleEntry)) {
    return { reason: 'CODEC_CHANGES', message: `the ${track.kind} configuration of the part is not that of the first` }
  }
  if (String(track.matrix) !== String(other.matrix)) {
    return { reason: 'CODEC_CHANGES', message: `the ${track.kind} of the part is turned otherwise than that of the first` }
  }
  if (track.timescale === other.timescale) return null
  const message = `the ${track.kind} of the part has timescale ${other.timescale}, the first ${track.timescale}`
  return { reason: 'JOIN_NOT_POSSIBLE', message }
}

/** The type of the sample entry: a box's type stands behind its size. */
function formatOf({ sampleEntry }: TrackFormat): string {
  return String.fromCharCode(...sampleEntry.subarray(4, 8))
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index])
}

function refuse(partIndex: number, message: string): JoinResult {
  return { joined: false, reason: 'JOIN_NOT_POSSIBLE', partIndex, message }
}
