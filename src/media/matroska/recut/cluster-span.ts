import type { MatroskaTrack } from '../track.js'
import type { RecutBlock } from './recut-block.js'

/** Valid Matroska that cannot be cut into fragments. The message is one sentence with the next step. */
export class RecutRefused extends Error {
  override readonly name = 'RecutRefused'
}

/** Limits of Kinesis Video for a fragment. */
export const MAX_FRAGMENT_MS = 20_000
export const MAX_FRAGMENT_BYTES = 50_000_000
/** More than the ID, size and Timestamp of a Cluster. */
const CLUSTER_HEAD_BYTES = 32
/** The time of a block, relative to the Cluster's Timestamp, has 16 bits. */
const LEAST_RELATIVE = -0x8000
const MOST_RELATIVE = 0x7fff

/** The tracks of a document, as far as cuts depend on them. */
export interface CutTracks {
  readonly numbers: ReadonlySet<number>
  /** The first video track. Null if there is none: a Cluster may then begin with any frame. */
  readonly video: number | null
  readonly ticksPerMs: number
}

export function toCutTracks(tracks: readonly MatroskaTrack[], timestampScale: number): CutTracks {
  return {
    numbers: new Set(tracks.map(({ number }) => number)),
    video: tracks.find(({ type }) => type === 'video')?.number ?? null,
    ticksPerMs: 1_000_000 / timestampScale,
  }
}

/** Why a block does not fit into a Cluster. */
export type Misfit = 'too-far' | 'too-long' | 'too-large'

/** A Cluster that is being written: its tracks, tags, length and size. */
export class ClusterSpan {
  readonly timestampTicks: number
  readonly tracks = new Set<number>()
  readonly tags: Uint8Array[] = []
  /** Whether its first picture is a key frame; null before it has one. */
  beginsWithKey: boolean | null = null
  /** The track without a block that prevented a cut at a key frame in this Cluster. */
  blockedBy: number | null = null
  #earliest = Number.POSITIVE_INFINITY
  #latest = Number.NEGATIVE_INFINITY
  #bytes = CLUSTER_HEAD_BYTES

  constructor(
    private readonly cut: CutTracks,
    firstTicks: number,
  ) {
    // A Timestamp is unsigned. Sound before the first picture may have a negative time.
    this.timestampTicks = Math.max(0, firstTicks)
  }

  get startMs(): number {
    return this.timestampTicks / this.cut.ticksPerMs
  }

  get hasAllTracks(): boolean {
    return this.missingTrack === null
  }

  get missingTrack(): number | null {
    return [...this.cut.numbers].find((number) => !this.tracks.has(number)) ?? null
  }

  msSinceStart({ ticks }: RecutBlock): number {
    return (ticks - this.timestampTicks) / this.cut.ticksPerMs
  }

  add({ track, ticks, isKey, bytes }: RecutBlock): void {
    this.tracks.add(track)
    if (track === this.cut.video) this.beginsWithKey ??= isKey
    this.#earliest = Math.min(this.#earliest, ticks)
    this.#latest = Math.max(this.#latest, ticks)
    this.#bytes += bytes.byteLength
  }

  addTags(tags: readonly Uint8Array[]): void {
    this.tags.push(...tags)
    this.#bytes = tags.reduce((sum, { byteLength }) => sum + byteLength, this.#bytes)
  }

  /** Null if the block fits. */
  misfitOf({ ticks, bytes }: RecutBlock): Misfit | null {
    return this.#misfit({ earliest: ticks, latest: ticks, bytes: bytes.byteLength })
  }

  /** Null if all of the other Cluster fits. */
  misfitOfSpan(other: ClusterSpan): Misfit | null {
    return this.#misfit({ earliest: other.#earliest, latest: other.#latest, bytes: other.#bytes })
  }

  #misfit({ earliest, latest, bytes }: { earliest: number; latest: number; bytes: number }): Misfit | null {
    if (this.#bytes + bytes > MAX_FRAGMENT_BYTES) return 'too-large'
    const spanMs = (Math.max(this.#latest, latest) - Math.min(this.#earliest, earliest)) / this.cut.ticksPerMs
    if (spanMs > MAX_FRAGMENT_MS) return 'too-long'
    const isNear = earliest - this.timestampTicks >= LEAST_RELATIVE && latest - this.timestampTicks <= MOST_RELATIVE
    return isNear ? null : 'too-far'
  }
}
