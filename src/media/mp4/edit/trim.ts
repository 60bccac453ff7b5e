import { ROWS_PER_STEP, type Steps } from '../../steps.js'
import { type Movie, type MovieTrack, type Runs, toEdits } from '../movie.js'
import { rowAt } from '../tables/columns.js'
import { lastDuration, placementOf, SampleClock, toMs, toTicks } from '../tables/presentation.js'
import { cutTrack, shrinkSpans } from './cut-track.js'

/** A stretch of a movie, in milliseconds of its presentation. */
export interface TrimWindow {
  readonly fromMs: number
  readonly toMs: number
}

export type TrimResult =
  | {
      readonly trimmed: true
      readonly movie: Movie
      /** Presentation times of the first and last frame shown, and the end of the last, in milliseconds of the given movie. */
      readonly firstFrameMs: number
      readonly lastFrameMs: number
      readonly endMs: number
      /** Whether decoding starts at a key frame. False if no key frame precedes the first frame shown. */
      readonly beginsWithKey: boolean
    }
  /** No frame is shown in the window. */
  | { readonly trimmed: false }

/**
 * Cuts a movie to the frames whose presentation time is in [fromMs, toMs], without transcoding. Decoding starts at the last key frame from
 * which all of them can be decoded. An edit list hides the frames before the first, and frames that are needed for decoding only. Other
 * media is not in the result. The sound runs from the first frame shown to the end of the last.
 */
export function* trimMovie(movie: Movie, window: TrimWindow): Steps<TrimResult> {
  const [video, ...others] = movie.tracks
  if (video === undefined) return { trimmed: false }
  const frames = yield* findFrames(video, window)
  if (frames === null) return { trimmed: false }
  const covering = yield* findCoveringKeyFrame(video, frames)
  const inMs = (ticks: number) => toMs(ticks, video.timescale)
  const [firstFrameMs, lastFrameMs, endMs] = [inMs(frames.firstTicks), inMs(frames.lastTicks), inMs(frames.endTicks)]
  const tracks = [cutVideo(video, covering, frames)]
  yield
  for (const track of others) {
    tracks.push(cutSound(track, { fromMs: firstFrameMs, toMs: endMs }))
    yield
  }
  const startMs = movie.startMs === null ? null : movie.startMs + Math.round(firstFrameMs)
  const trimmed = yield* shrinkSpans({ ...movie, startMs, tracks })
  return { trimmed: true, movie: trimmed, firstFrameMs, lastFrameMs, endMs, beginsWithKey: covering.isKey }
}

interface Frames {
  /** Presentation times of the first and last frame shown, and the end of the last. */
  readonly firstTicks: number
  readonly lastTicks: number
  readonly endTicks: number
  /** Indexes in decoding order: the first and the last sample of the frames shown. */
  readonly first: number
  readonly last: number
}

function* findFrames(video: MovieTrack, window: TrimWindow): Steps<Frames | null> {
  const { from, until } = toTickWindow(video, window)
  const shown = { firstTicks: Number.POSITIVE_INFINITY, lastTicks: Number.NEGATIVE_INFINITY, first: -1, last: -1 }
  let beforeLast = Number.NEGATIVE_INFINITY
  let after = Number.POSITIVE_INFINITY
  const clock = new SampleClock(video)
  for (let index = 0; index < video.samples.count; index += 1) {
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
    clock.next()
    const ticks = clock.shownTicks
    if (ticks > until) after = Math.min(after, ticks)
    if (ticks > until || ticks < from) continue
    if (shown.first < 0) shown.first = index
    shown.last = index
    shown.firstTicks = Math.min(shown.firstTicks, ticks)
    beforeLast = Math.max(beforeLast, Math.min(shown.lastTicks, ticks))
    shown.lastTicks = Math.max(shown.lastTicks, ticks)
  }
  if (shown.first < 0) return null
  if (after === Number.POSITIVE_INFINITY) return { ...shown, endTicks: shown.lastTicks + lastDuration(video.samples) }
  // The last frame is shown until the next one. If footage is missing after it, it is shown no longer than to the end of the window.
  const usual = beforeLast > Number.NEGATIVE_INFINITY ? shown.lastTicks - beforeLast : lastDuration(video.samples)
  return { ...shown, endTicks: Math.min(after, Math.max(shown.lastTicks + usual, Math.floor(until))) }
}

/** The window in ticks of the track. Frames that its edit list hides stay hidden. */
function toTickWindow(video: MovieTrack, window: TrimWindow): { readonly from: number; readonly until: number } {
  const { delayMs, shownMs } = placementOf(video)
  // The end of an edit was rounded to a millisecond.
  const hiddenFromMs = video.edits.length > 0 ? delayMs + shownMs - HALF_MS : Number.POSITIVE_INFINITY
  const from = (Math.max(window.fromMs, delayMs) * video.timescale) / 1000 - ROUNDING_TICKS
  const until = (Math.min(window.toMs, hiddenFromMs) * video.timescale) / 1000 + ROUNDING_TICKS
  return { from, until }
}

const HALF_MS = 0.5
/** Rounding error of a time that means exactly a frame. */
const ROUNDING_TICKS = 1e-3

interface KeyFrame {
  readonly isKey: boolean
  readonly index: number
  readonly decodeTicks: number
}

/**
 * The last key frame that is neither decoded after any frame shown, nor shown after the first of them. (A frame that is shown before the
 * key frame that precedes it in decoding order may refer to pictures before that key frame.) If there is none, the first frame of the
 * track.
 */
function* findCoveringKeyFrame(video: MovieTrack, shown: Frames): Steps<KeyFrame> {
  const clock = new SampleClock(video)
  let covering = { isKey: false, index: 0, decodeTicks: 0 }
  let first = 0
  for (const { count, keys } of video.pieces) {
    let key = 0
    for (let index = first; index < first + count && index <= shown.first; index += 1) {
      clock.next()
      const isKey = keys === null || keys[key] === index - first
      if (isKey) key += 1
      const isBefore = isKey && clock.shownTicks <= shown.firstTicks
      if (index === 0 || isBefore) covering = { isKey: isBefore, index, decodeTicks: clock.decodeTicks }
      if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
    }
    first += count
  }
  return covering
}

function cutVideo(video: MovieTrack, { index, decodeTicks }: KeyFrame, frames: Frames): MovieTrack {
  const durationMs = Math.round(toMs(frames.endTicks - frames.firstTicks, video.timescale))
  return { ...cutTrack(video, index, frames.last + 1), edits: [{ durationMs, mediaTime: frames.firstTicks - decodeTicks }] }
}

/** The sound of the window, exact to the tick, with one sample before it: an AAC decoder needs it for a clean start. */
function cutSound(track: MovieTrack, { fromMs, toMs: untilMs }: TrimWindow): MovieTrack {
  const { originTicks, delayMs, shownMs } = placementOf(track)
  const startMs = Math.max(fromMs, delayMs)
  const endMs = Math.min(untilMs, delayMs + shownMs)
  if (startMs >= endMs) return cutTrack(track, 0, 0)
  const start = toTicks(startMs, track.timescale) - originTicks
  const end = toTicks(endMs, track.timescale) - originTicks
  const { durations } = track.samples
  const first = sampleAt(durations, start)
  const warmUp = first.index > 0 ? sampleAt(durations, first.startTicks - 1) : first
  const last = sampleAt(durations, end - 1)
  const emptyMs = Math.round(startMs - fromMs)
  const edits = toEdits(emptyMs, { durationMs: Math.round(endMs - fromMs) - emptyMs, mediaTime: start - warmUp.startTicks })
  return { ...cutTrack(track, warmUp.index, last.index + 1), edits }
}

/** The sample that plays at `ticks` of the media; the last sample for times after it. */
function sampleAt({ counts, values }: Runs, ticks: number): { index: number; startTicks: number } {
  let index = 0
  let startTicks = 0
  let sample = { index: 0, startTicks: 0 }
  for (let run = 0; run < counts.length; run += 1) {
    const [count, value] = [rowAt(counts, run), rowAt(values, run)]
    const inRun = value === 0 ? count - 1 : Math.min(Math.floor((ticks - startTicks) / value), count - 1)
    if (inRun < 0) return sample
    sample = { index: index + inRun, startTicks: startTicks + inRun * value }
    index += count
    startTicks += count * value
    if (ticks < startTicks) return sample
  }
  return sample
}
