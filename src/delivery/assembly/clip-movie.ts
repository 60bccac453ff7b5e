// From the heads of a clip's parts to its one form: joined, cut to the frame, laid out. No byte of media is needed for it.

import { createHash, type Hash } from 'node:crypto'
import { instantText } from '../../domain/clip-issue-text.js'
import { alignTimeline, type TimelineEntry } from '../../domain/clip-timeline.js'
import { toStreamName } from '../../domain/stream-ref.js'
import type { TimeRange } from '../../domain/time-range.js'
import { freeBytes } from '../../media/free-bytes.js'
import { layOutOnDemandInSteps, MP4_FORMAT_VERSION } from '../../media/mp4/clip-file.js'
import { type JoinResult, joinAndFreeInSteps } from '../../media/mp4/join.js'
import type { Movie } from '../../media/mp4/movie.js'
import { shownMs } from '../../media/mp4/movie-boxes.js'
import type { PackedMovie, PackedTrack } from '../../media/mp4/packed-movie.js'
import { SampleClock, toMs } from '../../media/mp4/presentation.js'
import type { Slice, SlicedFile } from '../../media/mp4/slices.js'
import { trimMovieInSteps } from '../../media/mp4/trim.js'
import { finishInTurns, type Steps } from '../../media/steps.js'
import { ClipMismatch } from './clip-mismatch.js'
import type { ClipOutline, OutlinedPart } from './clip-outline.js'
import { toDelivered, toExactWindow } from './exact-window.js'
import type { BlockKind } from './first-block.js'
import { type FragmentPlaces, fragmentFrom, placeFragmentsInSteps } from './fragment-places.js'
import type { ClipLayout } from './sliced-content.js'

export interface ClipMovie {
  readonly layout: ClipLayout
  readonly durationMs: number
  readonly delivered: TimeRange
  readonly timeline: readonly TimelineEntry[]
}

export interface ClipMovieOptions {
  /** One for each part of the outline, in order. Given away: the clip is made of their pieces, the rest is freed, and the list is emptied. */
  readonly movies: (Movie | PackedMovie)[]
  /** What the first fragment begins with, where it was asked for. */
  readonly firstBlock: BlockKind | null
  readonly signal: AbortSignal
}

/** About a millisecond's work. */
const HASHED_PER_STEP = 512 * 1024

type Joined = Extract<JoinResult, { joined: true }>

/** Throws ClipMismatch when the parts do not fit together. */
export async function buildClipMovie(outline: ClipOutline, { movies, firstBlock, signal }: ClipMovieOptions): Promise<ClipMovie> {
  const result = await joinParts(outline, movies.splice(0), signal)
  if (!result.joined) throw ClipMismatch.ofPart(result, outline)
  const firstBlockMs = toFirstBlockMs(result, firstBlock)
  const timed = { ...result.movie, startMs: outline.startMs - Math.round(firstBlockMs) }
  const isExact = outline.spec.cut === 'EXACT'
  // Without a hole there is nothing to place.
  const isPlaced = isExact || outline.timeline.length > 1
  const places = isPlaced ? await finishInTurns(placeFragmentsInSteps(outline.parts, timed, firstBlockMs), { signal }) : null
  const { delivered } = outline
  const cut = isExact && places ? await cutExactly({ outline, movie: timed, places, signal }) : { movie: timed, delivered, shownFromMs: 0 }
  return { ...(await layOut(outline, { ...cut, signal })), timeline: toShownTimeline(outline, { ...cut, places }) }
}

function joinParts(outline: ClipOutline, movies: ClipMovieOptions['movies'], signal: AbortSignal): Promise<JoinResult> {
  const parts = movies.map((movie, index) => ({ movie, fragments: toPartFragments(outline.parts[index]) }))
  return finishInTurns(joinAndFreeInSteps(parts, { startMs: null, tags: [] }), { signal })
}

function toPartFragments(part: OutlinedPart | undefined): { startMs: number; lengthMs: number }[] {
  return Array.from(part?.producerStartsMs ?? [], (startMs, index) => ({ startMs, lengthMs: part?.lengthsMs[index] ?? 0 }))
}

/** The time of the first fragment's first block in the movie: the instant that its timestamp is of. */
function toFirstBlockMs({ movie, parts }: Joined, firstBlock: BlockKind | null): number {
  const [video] = movie.tracks
  const firstAudioMs = parts[0]?.firstAudioMs ?? null
  const firstVideoMs = video ? firstShownMs(video) : 0
  if (firstAudioMs === null || firstBlock === 'video') return firstVideoMs
  return firstBlock === 'audio' ? firstAudioMs : Math.min(firstVideoMs, firstAudioMs)
}

function firstShownMs(video: PackedTrack): number {
  const clock = new SampleClock(video)
  clock.next()
  return toMs(clock.shownTicks, video.timescale)
}

interface ExactCut {
  readonly movie: PackedMovie
  readonly delivered: TimeRange
  /** Which time of the movie that was cut is the first. */
  readonly shownFromMs: number
}

async function cutExactly({
  outline,
  movie,
  places,
  signal,
}: {
  readonly outline: ClipOutline
  readonly movie: PackedMovie
  readonly places: FragmentPlaces
  readonly signal: AbortSignal
}): Promise<ExactCut> {
  const window = toExactWindow(places, outline.spec.range)
  const cut = await finishInTurns(trimMovieInSteps(movie, window), { signal })
  if (!cut.trimmed) throw ClipMismatch.ofEmptyCut(outline)
  const delivered = toDelivered(places, cut)
  return { movie: { ...cut.movie, startMs: delivered.startMs }, delivered, shownFromMs: cut.firstFrameMs }
}

/** What was planned, with the times at which it plays in the movie: Kinesis Video may have closed holes. */
function toShownTimeline(
  { timeline, delivered: planned }: ClipOutline,
  { places, delivered, shownFromMs }: Omit<ExactCut, 'movie'> & { readonly places: FragmentPlaces | null },
): readonly TimelineEntry[] {
  const aligned = alignTimeline(timeline, { planned, delivered })
  if (places === null) return aligned
  return aligned.map(({ mediaStartMs, range }) => {
    if (range.startMs <= delivered.startMs) return { mediaStartMs, range }
    const blockMs = places.blockMs[fragmentFrom(places, range.startMs)] ?? 0
    return { mediaStartMs: Math.max(0, Math.round(blockMs - shownFromMs)), range }
  })
}

async function layOut(
  outline: ClipOutline,
  { movie, delivered, signal }: { readonly movie: PackedMovie; readonly delivered: TimeRange; readonly signal: AbortSignal },
): Promise<Omit<ClipMovie, 'timeline'>> {
  const tags = [
    { name: 'title', value: toStreamName(outline.spec.streamArn) },
    { name: 'date', value: instantText(movie.startMs ?? outline.startMs) },
  ]
  const file = await finishInTurns(layOutOnDemandInSteps({ ...movie, tags }), { signal })
  const durationMs = Math.max(...movie.tracks.map(shownMs))
  return { layout: { file, etag: await finishInTurns(toEtagInSteps(outline, file), { signal }) }, durationMs, delivered }
}

/**
 * The tag of a rebuilt clip hashes what its bytes are made from: the version of the layout, the parts, and the head, which names every
 * sample's size and place, so that another answer to the same GetClip never continues a download of this one.
 */
function* toEtagInSteps({ parts }: ClipOutline, file: SlicedFile): Steps<string> {
  const hash = createHash('sha256').update(`clipgate ${MP4_FORMAT_VERSION}\n`)
  for (const { key } of parts) hash.update(`${key}\n`)
  for (const slice of file.slices) {
    if (slice.kind === 'source') hash.update(`\n${slice.source} ${slice.offset} ${slice.length}\n`)
    else yield* hashBytes(hash, slice)
  }
  return `"${hash.digest('base64url')}"`
}

function* hashBytes(hash: Hash, slice: Extract<Slice, { kind: 'bytes' }>): Steps<void> {
  const { bytes } = slice
  for (let at = 0; at < bytes.byteLength; at += HASHED_PER_STEP) {
    hash.update(bytes.subarray(at, at + HASHED_PER_STEP))
    yield
  }
  // Made for this alone. The tables of a day are more than may be left to the garbage collector.
  if (slice.length !== undefined) freeBytes(bytes)
}
