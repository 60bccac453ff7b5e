import type { Clock, EpochMs } from '../../lib/clock.js'
import { finishInTurns, type Steps } from '../../media/steps.js'
import type { Archive } from '../archive/archive.js'
import { type ArchivedFragment, type FragmentRange, timestampOf } from '../archive/archived-fragment.js'
import type { FragmentCursor } from '../archive/fragment-index.js'
import { cursorAt, walkFragments } from '../archive/fragment-walk.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { AwsException } from '../wire/aws-exception.js'
import type { HlsSession } from './hls-session.js'
import { OpenSegment } from './open-segment.js'
import type { PlaylistEntry, PlaylistView } from './playlist-entry.js'
import { describeSegment } from './playlist-entry.js'
import { leadTrackOf, type SegmentPiece, splitAtKey } from './segment-pieces.js'

/** ON_DISCONTINUITY marks a gap or an overlap that is longer than this. */
const DISCONTINUITY_MS = 50
const MAX_CODEC_CHANGES = 500

/** The range of the fragments of a session, in the order of its playlist. LIVE uses the order of ingestion. */
export function rangeOf({ mode, clock, startMs, endMs }: HlsSession): FragmentRange {
  return { clock: mode === 'LIVE' ? 'server' : clock, startMs, endMs: endMs ?? Number.MAX_SAFE_INTEGER }
}

/** By producer time, of fragments with the same start the one with the larger number is shown (GetClip gives the oldest). */
export function* withoutOlderDuplicates(fragments: Iterable<ArchivedFragment>): Generator<ArchivedFragment> {
  let last: ArchivedFragment | null = null
  for (const fragment of fragments) {
    if (last !== null && last.producerTimestampMs !== fragment.producerTimestampMs) yield last
    last = fragment
  }
  if (last !== null) yield last
}

export interface SessionPlaylistOptions {
  readonly session: HlsSession
  readonly stream: StreamRecord
  readonly archive: Archive
  readonly clock: Clock
}

/**
 * The playlist of one session. It depends on the archive and the session only, so an evicted playlist can be rebuilt. Each request adds the
 * fragments that arrived since the one before.
 */
export class SessionPlaylist {
  readonly #entries: PlaylistEntry[] = []
  #removed = 0
  #discontinuitiesRemoved = 0
  #longestMs = 0
  #codecChanges = 0
  #isComplete = false
  #newest: PlaylistEntry | null = null
  #newestMs: EpochMs | null = null
  readonly #segment: OpenSegment
  #cursor: FragmentCursor | null = null
  /** LIVE_REPLAY: the total duration of the entries that were added after the initial ones. */
  #replayedMs = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(private readonly options: SessionPlaylistOptions) {
    this.#segment = new OpenSegment(options.archive)
  }

  /** Updates the playlist. Requests for both tracks may come at the same time, and run one after the other. */
  view(): Promise<PlaylistView> {
    const turn = this.#turn.then(() => finishInTurns(this.#advance()))
    this.#turn = turn.catch(() => {})
    return turn
  }

  *#advance(): Steps<PlaylistView> {
    if (!this.#isComplete) this.#isComplete = yield* this.#takeNew()
    if (this.#codecChanges > MAX_CODEC_CHANGES) {
      throw new AwsException(
        'InvalidCodecPrivateDataException',
        `The codec private data changes more than ${MAX_CODEC_CHANGES} times in the streaming session.`,
      )
    }
    return {
      entries: this.#entries.slice(),
      removed: this.#removed,
      discontinuitiesRemoved: this.#discontinuitiesRemoved,
      longestMs: this.#longestMs,
      isComplete: this.#isComplete,
    }
  }

  /** Returns whether the playlist is complete. */
  *#takeNew(): Steps<boolean> {
    const { session, clock } = this.options
    for (const fragment of this.#fragments()) {
      yield
      if (!this.#isStale(fragment) && !this.#take(fragment)) return false
      this.#cursor = cursorAt(fragment, rangeOf(session).clock)
      if (session.mode === 'ON_DEMAND' && this.#entries.length === session.maxFragments) return true
    }
    const isOver = session.mode === 'ON_DEMAND' || (session.endMs !== null && session.endMs < clock.now())
    const isClosed = isOver || this.#segment.canEnd(clock.now()) ? this.#closeSegment() : false
    return isOver && isClosed
  }

  #fragments(): Iterable<ArchivedFragment> {
    const { session, archive, stream } = this.options
    const walked = walkFragments({ archive, stream, range: rangeOf(session), after: this.#cursor })
    return session.clock === 'producer' ? withoutOlderDuplicates(walked) : walked
  }

  /** A fragment that is older than the newest one, or a duplicate of it, is not added. */
  #isStale(fragment: ArchivedFragment): boolean {
    const { session } = this.options
    if (fragment.sequence < session.firstSequence) return true
    const newestMs = this.#newestMs ?? session.originMs
    const timestampMs = timestampOf(fragment, session.clock)
    if (timestampMs < newestMs) return true
    return session.clock === 'producer' && timestampMs === this.#newestMs
  }

  /** False if the segment before it is not due yet. The next request tries again. */
  #take(fragment: ArchivedFragment): boolean {
    const { session, archive } = this.options
    const samples = archive.details(fragment)?.samples
    // It has expired.
    if (samples === undefined) return true
    const split = splitAtKey(samples, leadTrackOf(archive, fragment))
    const isContinued = this.#segment.isContinuedBy(fragment)
    const hasEnded = split !== null || !isContinued || this.#segment.endsBefore(fragment, samples)
    if (hasEnded && !this.#closeSegment(isContinued && split !== null ? { fragment, samples: split.head } : null)) return false
    this.#newestMs = timestampOf(fragment, session.clock)
    this.#segment.add(fragment, { samples, split, follows: this.#newest?.mediaSessionId ?? null })
    return true
  }

  /** Returns whether no segment is open. */
  #closeSegment(last: SegmentPiece | null = null): boolean {
    const pieces = this.#segment.pieces
    if (pieces.length === 0) return true
    const entry = this.#describe(last === null || last.samples.count === 0 ? pieces : [...pieces, last])
    if (entry !== null && !this.#isDue(entry)) return false
    this.#segment.clear()
    if (entry !== null) this.#add(entry)
    return true
  }

  /** A LIVE_REPLAY starts with a full playlist. Each later entry is added when its own duration has passed. */
  #isDue({ durationMs }: PlaylistEntry): boolean {
    const { session, clock } = this.options
    if (session.mode !== 'LIVE_REPLAY' || this.#removed + this.#entries.length < session.maxFragments) return true
    return clock.now() - session.createdAtMs >= this.#replayedMs + durationMs
  }

  /** Null if the fragments have expired. */
  #describe(pieces: readonly SegmentPiece[]): PlaylistEntry | null {
    const described = describeSegment(pieces, { ...this.options, before: this.#newest })
    return described === null ? null : { ...described, isDiscontinuous: this.#isDiscontinuous(described.firstFrameMs) }
  }

  #isDiscontinuous(firstFrameMs: EpochMs): boolean {
    if (this.#newest === null) return false
    const { discontinuityMode } = this.options.session
    if (discontinuityMode !== 'ON_DISCONTINUITY') return discontinuityMode === 'ALWAYS'
    return Math.abs(firstFrameMs - this.#newest.firstFrameMs - this.#newest.durationMs) > DISCONTINUITY_MS
  }

  #add(entry: PlaylistEntry): void {
    const { mode, maxFragments } = this.options.session
    const before = this.#newest
    if (before !== null && before.initVersions.join() !== entry.initVersions.join()) this.#codecChanges += 1
    if (mode === 'LIVE_REPLAY' && this.#removed + this.#entries.length >= maxFragments) this.#replayedMs += entry.durationMs
    this.#newest = entry
    this.#longestMs = Math.max(this.#longestMs, entry.durationMs)
    this.#entries.push(entry)
    if (this.#entries.length <= maxFragments) return
    this.#entries.shift()
    this.#removed += 1
    // The first entry of a playlist has no discontinuity mark. Its mark leaves with the entry before it.
    if (this.#entries[0]?.isDiscontinuous === true) this.#discontinuitiesRemoved += 1
  }
}
