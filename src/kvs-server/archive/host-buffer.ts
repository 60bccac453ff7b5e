import type { EpochMs } from '../../lib/clock.js'
import { type ArchivedFragment, type FragmentRange, type MediaSession, type ReceivedFragment, timestampOf } from './archived-fragment.js'

/** Limits for the live footage of a stream without retention. */
const LONGEST_MS = 5 * 60_000
const MOST_BYTES = 200_000_000

export interface BufferedFragment {
  readonly fragment: ArchivedFragment
  readonly received: ReceivedFragment
}

/** The newest fragments of streams without retention, for live readers. Their bytes are in files, which the next start removes. */
export class HostBuffer {
  readonly #streams = new Map<number, BufferedFragment[]>()

  /** Returns the paths that are no longer needed. */
  add(buffered: BufferedFragment): string[] {
    const fragments = this.#streams.get(buffered.fragment.streamId) ?? []
    fragments.push(buffered)
    this.#streams.set(buffered.fragment.streamId, fragments)
    return this.#trim(fragments, buffered.fragment.serverTimestampMs)
  }

  /** Drops fragments that are too old, or whose stream was deleted. Returns their paths. */
  expire(now: EpochMs, isAlive: (streamId: number) => boolean): string[] {
    return [...this.#streams].flatMap(([streamId, fragments]) => {
      const paths = isAlive(streamId) ? this.#trim(fragments, now) : fragments.splice(0).map(pathOf)
      if (fragments.length === 0) this.#streams.delete(streamId)
      return paths
    })
  }

  find(streamId: number, sequence: number): BufferedFragment | null {
    return this.#of(streamId).find(({ fragment }) => fragment.sequence === sequence) ?? null
  }

  findNext(streamId: number, sequence: number): ArchivedFragment | null {
    return this.#of(streamId).find(({ fragment }) => fragment.sequence > sequence)?.fragment ?? null
  }

  newest(streamId: number): ArchivedFragment | null {
    return this.#of(streamId).at(-1)?.fragment ?? null
  }

  /** The last fragment that starts at `timestampMs` or before. */
  findAt(streamId: number, clock: FragmentRange['clock'], timestampMs: EpochMs): ArchivedFragment | null {
    return this.#of(streamId).findLast(({ fragment }) => timestampOf(fragment, clock) <= timestampMs)?.fragment ?? null
  }

  session(id: number): MediaSession | null {
    for (const fragments of this.#streams.values()) {
      const found = fragments.find(({ fragment }) => fragment.sessionId === id)
      if (found !== undefined) return found.received.session
    }
    return null
  }

  #of(streamId: number): readonly BufferedFragment[] {
    return this.#streams.get(streamId) ?? []
  }

  #trim(fragments: BufferedFragment[], now: EpochMs): string[] {
    let bytes = fragments.reduce((sum, { fragment }) => sum + fragment.clusterBytes, 0)
    let stale = 0
    for (const { fragment } of fragments) {
      if (bytes <= MOST_BYTES && now - fragment.serverTimestampMs <= LONGEST_MS) break
      bytes -= fragment.clusterBytes
      stale += 1
    }
    return fragments.splice(0, stale).map(pathOf)
  }
}

function pathOf({ received }: BufferedFragment): string {
  return received.path
}
