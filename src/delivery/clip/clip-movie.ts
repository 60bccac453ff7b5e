// Builds the movie of a clip from the heads of its parts: joins them, cuts to the frame, and lays out the file. Needs no media.

import type { ClipIssue } from '../../domain/clip-issue.js'
import { instantText } from '../../domain/clip-issue-text.js'
import { alignTimeline, type TimelineEntry } from '../../domain/clip-timeline.js'
import { hiddenStartIssue, openGopStartIssue } from '../../domain/key-frame-issues.js'
import { toStreamName } from '../../domain/stream-ref.js'
import type { TimeRange } from '../../domain/time-range.js'
import { at } from '../../lib/at.js'
import type { EpochMs } from '../../lib/clock.js'
import { type FirstKeyFrame, findFirstKeyFrame, hideStart } from '../../media/mp4/edit/hidden-start.js'
import { type JoinResult, joinMovies } from '../../media/mp4/edit/join.js'
import type { PartClock } from '../../media/mp4/edit/part-timing.js'
import { type TrimResult, trimMovie } from '../../media/mp4/edit/trim.js'
import type { Movie, MovieTrack } from '../../media/mp4/movie.js'
import type { SlicedFile } from '../../media/mp4/slices.js'
import { durationMsOf } from '../../media/mp4/tables/presentation.js'
import { layOutMovie } from '../../media/mp4/write/lay-out-movie.js'
import { finishInTurns } from '../../media/steps.js'
import type { ClipOutline, OutlinedPart } from '../plan/clip-outline.js'
import { toEmptyCutMismatch, toKeyFrameMismatch, toPartMismatch } from '../verify/clip-mismatch.js'
import type { FragmentPictures } from '../verify/fragment-pictures.js'
import { type FragmentPlaces, instantAt, PictureInstants, placeFragmentsInSteps, rowFrom } from '../verify/fragment-places.js'
import { type LocatedPictures, locatePictures } from '../verify/locate-pictures.js'
import { toEtag } from './etag.js'
import { type ExactWindow, findExactWindow } from './exact-window.js'
import { findSyncSamples, type SyncChoices } from './sync-samples.js'

/** The layout of a clip. It is known before the media arrives. */
export interface ClipLayout {
  readonly file: SlicedFile
  /** Includes the quotes. */
  readonly etag: string
}

export interface ClipMovie {
  readonly layout: ClipLayout
  readonly durationMs: number
  readonly delivered: TimeRange
  readonly timeline: readonly TimelineEntry[]
  /** Warnings that were not known when the clip was planned. */
  readonly warnings: readonly ClipIssue[]
}

export interface ClipMovieOptions {
  /** In playing order. The function takes ownership: it uses their pieces, frees the rest, and empties the array. */
  readonly movies: Movie[]
  /** One for each movie. */
  readonly parts: readonly OutlinedPart[]
  /** Pictures of the fragments that were read at edges and borders, by place. */
  readonly pictures: ReadonlyMap<number, FragmentPictures>
  readonly signal: AbortSignal
}

/** @throws ClipUnavailable if the parts do not fit together */
export async function buildClipMovie(outline: ClipOutline, { movies, parts, pictures, signal }: ClipMovieOptions): Promise<ClipMovie> {
  const clip = { spec: outline.spec, parts }
  const counts = movies.map(({ tracks }) => at(tracks, 0).samples.count)
  const result = await joinParts(movies.splice(0), { parts, pictures, signal })
  if (!result.joined) throw toPartMismatch(result, clip)
  const [video] = result.movie.tracks
  if (video === undefined) throw new RangeError('a joined movie has video')
  const located = locatePictures(parts, counts, pictures)
  const places = await finishInTurns(placeFragmentsInSteps(parts, video, located), { signal })
  const syncs = await finishInTurns(findSyncSamples(video, located, counts), { signal })
  const movie = withVideo({ ...result.movie, startMs: instantAt(places, 0, 0) }, syncs.closed)
  const options = { clip, movie, places, located, syncs, signal }
  const shown = outline.spec.cut === 'EXACT' ? await cutExactly(options) : await hideUndecodable(outline, options)
  const laidOut = await layOut(clip, { movie: shown.movie, signal })
  return { ...laidOut, delivered: shown.delivered, warnings: shown.warnings, timeline: toShownTimeline(outline, places, shown) }
}

function joinParts(movies: Movie[], { parts, pictures, signal }: Omit<ClipMovieOptions, 'movies'>): Promise<JoinResult> {
  const joined = movies.map((movie, index) => ({ movie, clock: toPartClock(parts[index], pictures) }))
  return finishInTurns(joinMovies(joined, { startMs: null, tags: [] }), { signal })
}

/** Null if no picture of the first or the last fragment is known. */
function toPartClock(part: OutlinedPart | undefined, pictures: ReadonlyMap<number, FragmentPictures>): PartClock | null {
  if (part === undefined) return null
  const firstMs = pictures.get(part.firstPlace)?.timesMs[0]
  const lastMs = pictures.get(part.firstPlace + part.fragmentCount - 1)?.timesMs.at(-1)
  const [startMs, endMs] = [part.producerStartsMs[0], part.producerStartsMs.at(-1)]
  if (firstMs === undefined || lastMs === undefined || startMs === undefined || endMs === undefined) return null
  return { firstSampleMs: startMs + firstMs, lastSampleMs: endMs + lastMs }
}

interface ShownMovie {
  readonly movie: Movie
  readonly delivered: TimeRange
  /** Time in the joined movie of the first picture that is shown, in milliseconds. */
  readonly shownFromMs: number
  readonly warnings: readonly ClipIssue[]
}

interface ShowOptions {
  readonly clip: Pick<ClipOutline, 'spec' | 'parts'>
  readonly movie: Movie
  readonly places: FragmentPlaces
  readonly located: readonly LocatedPictures[]
  readonly syncs: SyncChoices
  readonly signal: AbortSignal
}

function withVideo(movie: Movie, video: MovieTrack): Movie {
  return { ...movie, tracks: [video, ...movie.tracks.slice(1)] }
}

async function cutExactly({ clip, movie, places, located, syncs, signal }: ShowOptions): Promise<ShownMovie> {
  const { spec } = clip
  const [video] = movie.tracks
  const window = video ? await finishInTurns(findExactWindow(video, { places, located, range: spec.range }), { signal }) : null
  if (window === null) throw toEmptyCutMismatch(clip)
  const { cut, warnings } = await trimAtKey({ clip, movie, syncs, signal }, window)
  if (!cut.trimmed) throw toEmptyCutMismatch(clip)
  if (!cut.beginsWithKey) throw toKeyFrameMismatch(clip, await findKeyInstant({ movie, places, located, signal }))
  const delivered = {
    startMs: window.firstInstantMs,
    endMs: window.lastInstantMs + Math.round(cut.endMs - cut.lastFrameMs),
  }
  return { movie: { ...cut.movie, startMs: delivered.startMs }, delivered, shownFromMs: cut.firstFrameMs, warnings }
}

/** Starts at the I-frame of an open GOP only if no other key frame precedes the first picture. */
async function trimAtKey(
  { clip, movie, syncs, signal }: Omit<ShowOptions, 'places' | 'located'>,
  window: ExactWindow,
): Promise<{ readonly cut: TrimResult; readonly warnings: readonly ClipIssue[] }> {
  const cut = await finishInTurns(trimMovie(movie, window), { signal })
  if (!cut.trimmed || cut.beginsWithKey || syncs.open === null) return { cut, warnings: [] }
  const open = await finishInTurns(trimMovie(withVideo(movie, syncs.open), window), { signal })
  return { cut: open, warnings: [openGopStartIssue(clip.spec)] }
}

/** The instant of the first key frame by the selector's clock. Null if there is none. */
async function findKeyInstant({ movie, places, located, signal }: Omit<ShowOptions, 'clip' | 'syncs'>): Promise<EpochMs | null> {
  const [video] = movie.tracks
  const key = video ? await finishInTurns(findFirstKeyFrame(video), { signal }) : null
  return key && instantOf(key, { places, located })
}

function instantOf({ sample, shownMs }: FirstKeyFrame, { places, located }: Pick<ShowOptions, 'places' | 'located'>): EpochMs {
  return new PictureInstants(places, located).of(sample, shownMs)
}

/** For whole fragments: hides the pictures before the first key frame. */
async function hideUndecodable({ delivered }: ClipOutline, options: ShowOptions): Promise<ShownMovie> {
  const { clip, syncs, signal } = options
  const closed = await finishInTurns(findFirstKeyFrame(syncs.closed), { signal })
  const open = closed === null && syncs.open !== null ? await finishInTurns(findFirstKeyFrame(syncs.open), { signal }) : null
  const key = closed ?? open
  if (key === null) throw toKeyFrameMismatch(clip, null)
  const movie = open === null || syncs.open === null ? options.movie : withVideo(options.movie, syncs.open)
  const openStart = open === null ? [] : [openGopStartIssue(clip.spec)]
  if (!key.isLate) return { movie, delivered, shownFromMs: 0, warnings: openStart }
  const startMs = instantOf(key, options)
  const shown = { startMs, endMs: Math.max(startMs, delivered.endMs) }
  const warnings = [hiddenStartIssue(clip.spec, startMs), ...openStart]
  return { movie: { ...hideStart(movie, key.shownMs), startMs }, delivered: shown, shownFromMs: key.shownMs, warnings }
}

/** The planned timeline, with actual positions in the movie. Kinesis Video may have closed holes, which moves later footage forward. */
function toShownTimeline(
  { timeline, delivered: planned }: ClipOutline,
  places: FragmentPlaces,
  { delivered, shownFromMs }: ShownMovie,
): readonly TimelineEntry[] {
  return alignTimeline(timeline, { planned, delivered }).map(({ mediaStartMs, range }) => {
    if (range.startMs <= delivered.startMs) return { mediaStartMs, range }
    const originMs = at(places.originMs, rowFrom(places, range.startMs))
    return { mediaStartMs: Math.max(0, Math.round(originMs - shownFromMs)), range }
  })
}

async function layOut(
  clip: Pick<ClipOutline, 'spec' | 'parts'>,
  { movie, signal }: { readonly movie: Movie; readonly signal: AbortSignal },
): Promise<Pick<ClipMovie, 'layout' | 'durationMs'>> {
  const tags = [
    { name: 'title', value: toStreamName(clip.spec.streamArn) },
    { name: 'date', value: instantText(movie.startMs ?? clip.spec.range.startMs) },
  ]
  const file = await finishInTurns(layOutMovie({ ...movie, tags }), { signal })
  const durationMs = Math.max(...movie.tracks.map(durationMsOf))
  return { layout: { file, etag: await finishInTurns(toEtag(clip.parts, file), { signal }) }, durationMs }
}
