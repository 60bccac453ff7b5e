import { NOT_KEY, type SampleTable } from '../matroska/sample-table.js'
import { rowAt } from '../mp4/tables/columns.js'
import type { MovieFragment } from './track-rows.js'

/** H.264 and H.265 reorder at most 16 pictures, so blocks interleave across the border of a Cluster by no more. */
const MAX_REORDERED_FRAMES = 16
/** Duration of a single frame: 25 frames per second. */
const GUESSED_FRAME_MS = 40

/** Times of the first track in one fragment, in milliseconds from its Timestamp. */
interface Extent {
  readonly earliest: number
  readonly latest: number
  /** Time of the frame that is decoded first. */
  readonly first: number
  readonly isFirstKey: boolean
  /** Mean duration of a frame. Null if there is only one. */
  readonly frameMs: number | null
}

/** The last fragment that was placed. */
interface Placed {
  readonly session: number | undefined
  readonly timestampMs: number
  readonly latest: number
  readonly end: number
  readonly frameMs: number
}

/**
 * Places each fragment's Timestamp on the clock of the movie, which is the producer's clock of the first fragment. Returns milliseconds.
 * Fragments keep their distances, gaps included. A fragment that would overlap the one before it (another ingest run, in a selection by
 * server time), or that is more than `maxGapMs` ahead, is placed directly after it. Later fragments keep their distance to that one.
 */
export function placeFragments(fragments: readonly MovieFragment[], leadTrack: number, maxGapMs: number): Float64Array {
  const starts = new Float64Array(fragments.length)
  let shiftMs = 0
  let before: Placed | null = null
  for (const [index, { session, timestampMs, samples }] of fragments.entries()) {
    const extent = extentOf(samples, leadTrack)
    if (before && extent) {
      const gapMs: number = timestampMs - before.timestampMs
      const isOfOneRun = session !== undefined && session === before.session
      const start = timestampMs + shiftMs
      const isBack = isOfOneRun ? reachesBehindKey(extent, start, before) : reachesBack(extent, start, before)
      const isApart = gapMs <= 0 || gapMs > maxGapMs || isBack
      if (isApart) shiftMs = before.end - extent.earliest - timestampMs
    }
    // Whole milliseconds: the video's ticks.
    const start = Math.round(timestampMs + shiftMs)
    starts[index] = start
    if (extent === null) continue
    const frameMs: number = extent.frameMs ?? before?.frameMs ?? GUESSED_FRAME_MS
    before = { session, timestampMs, latest: start + extent.latest, end: start + extent.latest + frameMs, frameMs }
  }
  return starts
}

/** After a key frame nothing is shown that was decoded before it. */
function reachesBehindKey({ isFirstKey, first }: Extent, start: number, before: Placed): boolean {
  return isFirstKey && start + first < before.latest
}

/** Whether frames would be shown among those of the fragment before. */
function reachesBack(extent: Extent, start: number, before: Placed): boolean {
  if (extent.isFirstKey) return reachesBehindKey(extent, start, before)
  const frameMs = extent.frameMs === null ? before.frameMs : Math.max(extent.frameMs, before.frameMs)
  return start + extent.earliest < before.latest - MAX_REORDERED_FRAMES * frameMs
}

function extentOf(samples: SampleTable, track: number): Extent | null {
  let count = 0
  let first = 0
  let isFirstKey = false
  let earliest = Number.POSITIVE_INFINITY
  let latest = Number.NEGATIVE_INFINITY
  for (let row = 0; row < samples.count; row += 1) {
    if (samples.tracks[row] !== track) continue
    const time = rowAt(samples.times, row)
    if (count === 0) {
      first = time
      isFirstKey = samples.keys[row] !== NOT_KEY
    }
    if (time < earliest) earliest = time
    if (time > latest) latest = time
    count += 1
  }
  if (count === 0) return null
  const frameMs = count > 1 ? Math.max(1, Math.round((latest - earliest) / (count - 1))) : null
  return { earliest, latest, first, isFirstKey, frameMs }
}
