import type { EpochMs } from '../../lib/clock.js'
import type { SampleTable } from '../../media/matroska/sample-table.js'
import type { Archive } from '../archive/archive.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import { measureLead } from './lead-span.js'
import {
  beginsWithOpenGop,
  LONG_SEGMENT_MS,
  leadTrackOf,
  MAX_SEGMENT_FRAGMENTS,
  MAX_SEGMENT_MS,
  type SegmentPiece,
  type SplitFragment,
} from './segment-pieces.js'

/** A stream without data for this long has stopped. */
const STOPPED_MS = 10_000

interface AddedFragment {
  readonly samples: SampleTable
  readonly split: SplitFragment | null
  /** The media session of the segment before; null when there is none. */
  readonly follows: number | null
}

/** The segment that the next fragment may still belong to. */
export class OpenSegment {
  readonly #pieces: SegmentPiece[] = []
  /** The media session in which a fragment started without a key frame. */
  #irregular: number | null = null

  constructor(private readonly archive: Archive) {}

  get pieces(): readonly SegmentPiece[] {
    return this.#pieces
  }

  /** Whether the segment ends before this fragment, which does not start with a key frame. */
  endsBefore(fragment: ArchivedFragment, samples: SampleTable): boolean {
    const { lengthMs } = this
    if (lengthMs >= MAX_SEGMENT_MS || this.#pieces.length >= MAX_SEGMENT_FRAGMENTS - 1) return true
    return lengthMs >= LONG_SEGMENT_MS && beginsWithOpenGop(samples, leadTrackOf(this.archive, fragment))
  }

  private get lengthMs(): number {
    const [first, last] = [this.#pieces[0]?.fragment, this.#pieces.at(-1)?.fragment]
    return first && last ? last.producerTimestampMs + last.lengthMs - first.producerTimestampMs : 0
  }

  isContinuedBy(fragment: ArchivedFragment): boolean {
    const last = this.#pieces.at(-1)?.fragment
    return last !== undefined && last.sessionId === fragment.sessionId && last.sequence < fragment.sequence
  }

  /** Omits the frames before the first key frame of a run, which cannot be decoded. */
  add(fragment: ArchivedFragment, { samples, split, follows }: AddedFragment): void {
    const beginsWithKey = split !== null && split.head.count === 0
    if (!beginsWithKey) this.#irregular = fragment.sessionId
    const isContinuation = this.isContinuedBy(fragment) || follows === fragment.sessionId
    if (split === null && !isContinuation && !beginsWithOpenGop(samples, leadTrackOf(this.archive, fragment))) return
    this.#pieces.push({ fragment, samples: split?.tail ?? samples })
  }

  /** Whether it may be shown before the next fragment arrives. */
  canEnd(now: EpochMs): boolean {
    const [first, last] = [this.#pieces[0], this.#pieces.at(-1)]
    if (first === undefined || last === undefined) return false
    if (now - last.fragment.serverTimestampMs - last.fragment.lengthMs > STOPPED_MS) return true
    // The duration of a single frame is known when the next one has arrived.
    const frames = measureLead(first.samples, leadTrackOf(this.archive, first.fragment))?.frames ?? 0
    return this.#pieces.length === 1 && frames > 1 && this.#irregular !== first.fragment.sessionId
  }

  clear(): void {
    this.#pieces.length = 0
  }
}
