import { finishNow, ROWS_PER_STEP, type Steps } from '../../steps.js'
import type { Edit, Runs } from '../movie.js'
import type { PackedMovie, PackedTrack } from '../packed-movie.js'
import { lastDuration, placementOf, SampleClock, toMs, toTicks } from '../tables/presentation.js'
import { durationsToRuns } from '../tables/runs.js'
import { cutTrack, shrinkSpans } from './cut-track.js'

export type TrimResult =
  | {
      readonly trimmed: true
      readonly movie: PackedMovie
      /** First and last frame shown, and the end of the last, in milliseconds of the movie that was given. */
      readonly firstFrameMs: number
      readonly lastFrameMs: number
      readonly endMs: number
      /** Media before the first frame shown, that is in the file but not shown. */
      readonly hiddenMs: number
      /** Decoding starts at a key frame. False where none comes before the first frame shown. */
      readonly beginsWithKey: boolean
    }
  /** No frame is shown in the window. */
  | { readonly trimmed: false }

/**
 * The exact cut, without transcoding: shown are the frames whose time is in [fromMs, toMs], in milliseconds of the movie's
 * presentation. Decoding starts at the key frame that covers the first of them; an edit list hides what comes before, and frames that
 * are only decoded for others. What lies before that key frame or after the last needed sample is not in the file. The sound runs from
 * the first frame shown to the end of the last.
 */
export function trimMovie(movie: PackedMovie, window: { readonly fromMs: number; readonly toMs: number }): TrimResult {
  return finishNow(trimMovieInSteps(movie, window))
}

export function* trimMovieInSteps(movie: PackedMovie, window: { readonly fromMs: number; readonly toMs: number }): Steps<TrimResult> {
  const [video, ...others] = movie.tracks
  if (video === undefined) return { trimmed: false }
  const frames = yield* findFrames(video, window)
  if (frames === null) return { trimmed: false }
  const covering = yield* findCoveringKeyFrame(video, frames)
  const firstFrameMs = toMs(frames.firstTicks, video.timescale)
  const endMs = toMs(frames.endTicks, video.timescale)
  const stretch = { fromMs: firstFrameMs, toMs: endMs }
  const tracks = [cutVideo(video, covering, frames)]
  yield
  for (const track of others) {
    tracks.push(cutSound(track, yield* durationsToRuns(track.samples), stretch))
    yield
  }
  const startMs = movie.startMs === null ? null : movie.startMs + Math.round(firstFrameMs)
  return {
    trimmed: true,
    movie: yield* shrinkSpans({ ...movie, startMs, tracks }),
    firstFrameMs,
    lastFrameMs: toMs(frames.lastTicks, video.timescale),
    endMs,
    hiddenMs: Math.max(firstFrameMs - toMs(covering.shownTicks, video.timescale), 0),
    beginsWithKey: covering.isKey,
  }
}

interface Frames {
  /** Presentation times of the first and last frame shown, and the end of the last. */
  readonly firstTicks: number
  readonly lastTicks: number
  readonly endTicks: number
  /** Decode order: the earliest and the last sample among those shown. */
  readonly earliest: number
  readonly last: number
}

function* findFrames(video: PackedTrack, { fromMs, toMs: untilMs }: { fromMs: number; toMs: number }): Steps<Frames | null> {
  const { delayMs, shownMs } = placementOf(video)
  // What an edit list already hides stays hidden; its end was rounded to a millisecond.
  const hiddenFromMs = video.edits.length > 0 ? delayMs + shownMs - HALF_MS : Number.POSITIVE_INFINITY
  const from = (Math.max(fromMs, delayMs) * video.timescale) / 1000 - ROUNDING_TICKS
  const until = (Math.min(untilMs, hiddenFromMs) * video.timescale) / 1000 + ROUNDING_TICKS
  const frames = { firstTicks: Number.POSITIVE_INFINITY, lastTicks: Number.NEGATIVE_INFINITY, earliest: -1, last: -1 }
  let beforeLast = Number.NEGATIVE_INFINITY
  let after = Number.POSITIVE_INFINITY
  const clock = new SampleClock(video)
  for (let index = 0; index < video.samples.count; index += 1) {
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
    clock.next()
    const ticks = clock.shownTicks
    if (ticks > until) after = Math.min(after, ticks)
    if (ticks > until || ticks < from) continue
    if (frames.earliest < 0) frames.earliest = index
    frames.last = index
    frames.firstTicks = Math.min(frames.firstTicks, ticks)
    beforeLast = Math.max(beforeLast, Math.min(frames.lastTicks, ticks))
    frames.lastTicks = Math.max(frames.lastTicks, ticks)
  }
  if (frames.earliest < 0) return null
  // The last frame stands until the next one; but where footage is missing after it, no longer than asked for.
  const usual = beforeLast > Number.NEGATIVE_INFINITY ? frames.lastTicks - beforeLast : lastDuration(video.samples)
  const longest = Math.max(frames.lastTicks + usual, Math.floor(until))
  return {
    ...frames,
    endTicks: after === Number.POSITIVE_INFINITY ? frames.lastTicks + lastDuration(video.samples) : Math.min(after, longest),
  }
}

const HALF_MS = 0.5
/** What the arithmetic may take from a time that means exactly a frame. */
const ROUNDING_TICKS = 1e-3

interface KeyFrame {
  readonly isKey: boolean
  readonly index: number
  readonly decodeTicks: number
  readonly shownTicks: number
}

/**
 * The last key frame from which all that is shown can be decoded: decoded no later than any of it, and shown no later than the first
 * of it. (A frame shown before the key frame that precedes it in decode order may need the pictures before that key frame.) Where there is
 * none, the first frame of all.
 */
function* findCoveringKeyFrame(video: PackedTrack, { earliest, firstTicks }: Frames): Steps<KeyFrame> {
  const clock = new SampleClock(video)
  let covering = { isKey: false, index: 0, decodeTicks: 0, shownTicks: 0 }
  let first = 0
  for (const { count, keys } of video.pieces) {
    let key = 0
    for (let index = first; index < first + count && index <= earliest; index += 1) {
      clock.next()
      const isKey = keys === null || keys[key] === index - first
      if (isKey) key += 1
      const isBefore = isKey && clock.shownTicks <= firstTicks
      if (index === 0 || isBefore) covering = { isKey: isBefore, index, decodeTicks: clock.decodeTicks, shownTicks: clock.shownTicks }
      if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
    }
    first += count
  }
  return covering
}

function cutVideo(video: PackedTrack, { index, decodeTicks }: KeyFrame, frames: Frames): PackedTrack {
  const cut = cutTrack(video, index, frames.last + 1)
  const durationMs = Math.round(toMs(frames.endTicks - frames.firstTicks, video.timescale))
  return { ...cut, edits: [{ durationMs, mediaTime: frames.firstTicks - decodeTicks }] }
}

/** The sound from `fromMs` to `toMs`, exact to the tick, with one sample before it: an AAC decoder needs it to start cleanly. */
function cutSound(track: PackedTrack, runs: Runs, { fromMs, toMs: untilMs }: { fromMs: number; toMs: number }): PackedTrack {
  const { originTicks, delayMs, shownMs } = placementOf(track)
  const startMs = Math.max(fromMs, delayMs)
  const endMs = Math.min(untilMs, delayMs + shownMs)
  if (startMs >= endMs) return cutTrack(track, 0, 0)
  const start = toTicks(startMs, track.timescale) - originTicks
  const end = toTicks(endMs, track.timescale) - originTicks
  const first = sampleAt(runs, start)
  const warmUp = first.index > 0 ? sampleAt(runs, first.startTicks - 1) : first
  const last = sampleAt(runs, end - 1)
  const emptyMs = Math.round(startMs - fromMs)
  const edit: Edit = { durationMs: Math.round(endMs - fromMs) - emptyMs, mediaTime: start - warmUp.startTicks }
  const edits = emptyMs > 0 ? [{ durationMs: emptyMs, mediaTime: -1 }, edit] : [edit]
  return { ...cutTrack(track, warmUp.index, last.index + 1), edits }
}

/** The sample that plays at `ticks` of the media; the last one for what comes after it. */
function sampleAt({ counts, values }: Runs, ticks: number): { index: number; startTicks: number } {
  let index = 0
  let startTicks = 0
  let sample = { index: 0, startTicks: 0 }
  for (let run = 0; run < counts.length; run += 1) {
    const count = counts[run] ?? 0
    const value = values[run] ?? 0
    const inRun = value === 0 ? count - 1 : Math.min(Math.floor((ticks - startTicks) / value), count - 1)
    if (inRun < 0) return sample
    sample = { index: index + inRun, startTicks: startTicks + inRun * value }
    index += count
    startTicks += count * value
    if (ticks < startTicks) return sample
  }
  return sample
}
