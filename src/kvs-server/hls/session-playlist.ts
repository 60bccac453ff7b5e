import type { Clock, EpochMs } from '../../lib/clock.js'
import { finishInTurns, type Steps } from '../../media/steps.js'
import type { Archive, FragmentRange } from '../archive/archive.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import type { FragmentCursor } from '../archive/fragment-index.js'
import { cursorAt, timestampOf, walkFragments } from '../archive/fragment-walk.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { AwsException } from '../aws-exception.js'
import { describeSegment } from './describe-segment.js'
import type { HlsSession } from './hls-session.js'
import { OpenSegment } from './open-segment.js'
import type { PlaylistEntry, PlaylistView } from './playlist-entry.js'
import { leadTrackOf, type SegmentPiece, splitAtKey } from './segment-pieces.js'

/** Fragments further apart than this, or overlapping by more, are set apart by ON_DISCONTINUITY. */
const DISCONTINUITY_MS = 50
const MAX_CODEC_CHANGES = 500

/** The range of a session's fragments in the order in which they join its playlist. LIVE takes them as they are ingested. */
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
  readonly #options: SessionPlaylistOptions
  readonly #entries: PlaylistEntry[] = []
  #removed = 0
  #discontinuitiesRemoved = 0
  #longestMs = 0
  #codecChanges = 0
  #isComplete = false
  #newest: PlaylistEntry | null = null
  /** Timestamp of the last fragment that was taken. */
  #newestMs: EpochMs | null = null
  readonly #segment: OpenSegment
  #cursor: FragmentCursor | null = null
  /** Of a LIVE_REPLAY: how long the entries last that were added behind the first few. */
  #replayedMs = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: SessionPlaylistOptions) {
    this.#options = options
    this.#segment = new OpenSegment(options.archive)
  }

  /** Brings it up to date; requests for both tracks may come at once, and take turns. */
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

  /** Tells whether nothing can follow any more. */
  *#takeNew(): Steps<boolean> {
    const { session, clock } = this.#options
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
    const { session, archive, stream } = this.#options
    const walked = walkFragments({ archive, stream, range: rangeOf(session), after: this.#cursor })
    return session.clock === 'producer' ? withoutOlderDuplicates(walked) : walked
  }

  /** What is older than the newest taken is not added later; nor is a duplicate of it. */
  #isStale(fragment: ArchivedFragment): boolean {
    const { session } = this.#options
    if (fragment.sequence < session.firstSequence) return true
    const newestMs = this.#newestMs ?? session.originMs
    const timestampMs = timestampOf(fragment, session.clock)
    if (timestampMs < newestMs) return true
    return session.clock === 'producer' && timestampMs === this.#newestMs
  }

  /** False while the segment that ends with it is not due; then it is asked about again. */
  #take(fragment: ArchivedFragment): boolean {
    const { session, archive } = this.#options
    const samples = archive.details(fragment)?.samples
    // Retention has taken it meanwhile.
    if (samples === undefined) return true
    const split = splitAtKey(samples, leadTrackOf(archive, fragment))
    const isContinued = this.#segment.isContinuedBy(fragment)
    const hasEnded = split !== null || !isContinued || this.#segment.endsBefore(fragment, samples)
    if (hasEnded && !this.#closeSegment(isContinued && split !== null ? { fragment, samples: split.head } : null)) return false
    this.#newestMs = timestampOf(fragment, session.clock)
    this.#segment.add(fragment, { samples, split, follows: this.#newest?.mediaSessionId ?? null })
    return true
  }

  /** True when no segment is open any more. */
  #closeSegment(last: SegmentPiece | null = null): boolean {
    const pieces = this.#segment.pieces
    if (pieces.length === 0) return true
    const entry = this.#describe(last === null || last.samples.count === 0 ? pieces : [...pieces, last])
    if (entry !== null && !this.#isDue(entry)) return false
    this.#segment.clear()
    if (entry !== null) this.#add(entry)
    return true
  }

  /** A LIVE_REPLAY begins with as many as the playlist holds; after that each is added once its own duration has passed. */
  #isDue({ durationMs }: PlaylistEntry): boolean {
    const { session, clock } = this.#options
    if (session.mode !== 'LIVE_REPLAY' || this.#removed + this.#entries.length < session.maxFragments) return true
    return clock.now() - session.createdAtMs >= this.#replayedMs + durationMs
  }

  /** Null for what retention has taken meanwhile. */
  #describe(pieces: readonly SegmentPiece[]): PlaylistEntry | null {
    const described = describeSegment(pieces, { ...this.#options, before: this.#newest })
    return described === null ? null : { ...described, isDiscontinuous: this.#isDiscontinuous(described.firstFrameMs) }
  }

  #isDiscontinuous(firstFrameMs: EpochMs): boolean {
    if (this.#newest === null) return false
    const { discontinuityMode } = this.#options.session
    if (discontinuityMode !== 'ON_DISCONTINUITY') return discontinuityMode === 'ALWAYS'
    return Math.abs(firstFrameMs - this.#newest.firstFrameMs - this.#newest.durationMs) > DISCONTINUITY_MS
  }

  #add(entry: PlaylistEntry): void {
    const { mode, maxFragments } = this.#options.session
    const before = this.#newest
    if (before !== null && before.initVersions.join() !== entry.initVersions.join()) this.#codecChanges += 1
    if (mode === 'LIVE_REPLAY' && this.#removed + this.#entries.length >= maxFragments) this.#replayedMs += entry.durationMs
    this.#newest = entry
    this.#longestMs = Math.max(this.#longestMs, entry.durationMs)
    this.#entries.push(entry)
    if (this.#entries.length <= maxFragments) return
    this.#entries.shift()
    this.#removed += 1
    // The first entry of a playlist has no mark before it: the mark leaves together with the entry that it set apart.
    if (this.#entries[0]?.isDiscontinuous === true) this.#discontinuitiesRemoved += 1
  }
}
