import { randomInt } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import type { EpochMs } from '../../lib/clock.js'
import type { ArchivedFragment, MediaSession, ReceivedFragment } from './archived-fragment.js'
import type { WritableFile } from './file-system.js'
import type { FragmentFiles } from './fragment-files.js'
import type { FragmentIndex } from './fragment-index.js'
import { type FragmentIntake, toFragment } from './fragment-intake.js'
import { type FragmentNumberParts, NONCE_LIMIT } from './fragment-number.js'
import type { HostBuffer } from './host-buffer.js'
import type { SessionTable } from './session-table.js'

/** A session's sequences begin at its millisecond times this. They keep growing after a restart, even if some were not persisted. */
const SEQUENCES_PER_MS = 1024

export interface ArchiveWriterOptions {
  readonly index: FragmentIndex
  readonly sessions: SessionTable
  readonly files: FragmentFiles
  readonly intake: FragmentIntake
  readonly hostBuffer: HostBuffer
  readonly arrivals: EventEmitter<Record<string, [ArchivedFragment]>>
}

/** How uploads write to the archive: a session, then for each fragment a number, a file, and its place in the index or the host buffer. */
export class ArchiveWriter {
  readonly #sequences = new Map<number, number>()
  readonly #producers = new Set<number>()

  constructor(private readonly options: ArchiveWriterOptions) {}

  /** Makes the caller the only producer of the stream until the returned function is called. Null while there is another producer. */
  claimProducer(streamId: number): (() => void) | null {
    if (this.#producers.has(streamId)) return null
    this.#producers.add(streamId)
    return () => this.#producers.delete(streamId)
  }

  /** `header` is shared by the fragments to come. `now` is the time of the upload's clock, which may be in the past. */
  createSession(streamId: number, header: Uint8Array, now: EpochMs): MediaSession {
    const { index, sessions } = this.options
    const last = this.#sequences.get(streamId) ?? index.findNewest(streamId)?.sequence ?? 0
    this.#sequences.set(streamId, Math.max(last, Math.floor(now) * SEQUENCES_PER_MS))
    return sessions.create(streamId, header)
  }

  /** The number of a fragment whose reception begins now. */
  mintNumber({ streamId }: MediaSession, now: EpochMs): FragmentNumberParts {
    const last = this.#sequences.get(streamId)
    if (last === undefined) throw new Error(`no session was created for the stream ${streamId}`)
    const sequence = last + 1
    this.#sequences.set(streamId, sequence)
    return { sequence, serverTimestampMs: Math.floor(now), nonce: randomInt(NONCE_LIMIT) }
  }

  createFile(): Promise<{ readonly file: WritableFile; readonly path: string }> {
    return this.options.files.create()
  }

  discardFile(path: string): Promise<void> {
    return this.options.files.removeIncoming(path)
  }

  /** Resolves when file, directory and row are on disk. */
  persist(fragment: ReceivedFragment): Promise<ArchivedFragment> {
    return this.options.intake.persist(fragment)
  }

  /** Keeps a fragment of a stream without retention for live readers. */
  async keepForHost(received: ReceivedFragment): Promise<ArchivedFragment> {
    const { files, hostBuffer, arrivals } = this.options
    const { path, session, details } = received
    const fragment = toFragment(received, { kind: 'buffered', path })
    for (const stale of hostBuffer.add({ fragment, path, session, details })) await files.removeIncoming(stale)
    arrivals.emit(String(fragment.streamId), fragment)
    return fragment
  }
}
