import { randomInt } from 'node:crypto'
import { at } from '../../lib/at.js'
import type { EpochMs } from '../../lib/clock.js'
import type { ArchiveStores } from './archive-stores.js'
import type { ArchivedFragment, FragmentSource, MediaSession, ReceivedFragment } from './archived-fragment.js'
import { inDeferredTransaction, inTransaction } from './database.js'
import type { WritableFile } from './file-system.js'
import { directoryOf } from './fragment-files.js'
import type { FragmentRow } from './fragment-index.js'
import { type FragmentNumberParts, formatFragmentNumber, NONCE_LIMIT } from './fragment-number.js'
import { toFragmentEntry, toSessionEntry } from './fragment-records.js'
import { GroupCommit } from './group-commit.js'
import type { HostBuffer } from './host-buffer.js'
import { packSampleTable } from './sample-table-blob.js'

/** A session's sequences begin at its millisecond times this. They keep growing after a restart, even if some were not persisted. */
const SEQUENCES_PER_MS = 1024

interface PlacedFile {
  readonly id: number
  readonly path: string
}

export interface ArchiveWriterOptions extends ArchiveStores {
  readonly hostBuffer: HostBuffer
  /** Called with each fragment once it can be read, in order. */
  readonly onReadable: (fragment: ArchivedFragment) => void
}

/** How uploads write to the archive: a session, then for each fragment a number, a file, and its place in the index or the host buffer. */
export class ArchiveWriter {
  readonly #sequences = new Map<number, number>()
  readonly #producers = new Set<number>()
  readonly #commits = new GroupCommit((batch: readonly ReceivedFragment[]) => this.#commit(batch))
  #lastFileId = 0

  constructor(private readonly stores: ArchiveWriterOptions) {}

  /** Makes the caller the only producer of the stream until the returned function is called. Null while there is another producer. */
  claimProducer(streamId: number): (() => void) | null {
    if (this.#producers.has(streamId)) return null
    this.#producers.add(streamId)
    return () => this.#producers.delete(streamId)
  }

  /** `header` is shared by the fragments to come. `now` is the time of the upload's clock, which may be in the past. */
  createSession(streamId: number, header: Uint8Array, now: EpochMs): MediaSession {
    const { index, sessions } = this.stores
    const last = this.#sequences.get(streamId) ?? index.findNewest(streamId)?.sequence ?? 0
    this.#sequences.set(streamId, Math.max(last, Math.floor(now) * SEQUENCES_PER_MS))
    return sessions.create(streamId, header)
  }

  mintNumber({ streamId }: MediaSession, now: EpochMs): FragmentNumberParts {
    const last = this.#sequences.get(streamId)
    if (last === undefined) throw new Error(`no session was created for the stream ${streamId}`)
    const sequence = last + 1
    this.#sequences.set(streamId, sequence)
    return { sequence, serverTimestampMs: Math.floor(now), nonce: randomInt(NONCE_LIMIT) }
  }

  createFile(): Promise<{ readonly file: WritableFile; readonly path: string }> {
    return this.stores.files.create()
  }

  discardFile(path: string): Promise<void> {
    return this.stores.files.removeIncoming(path)
  }

  /** Resolves when file, directory and row are on disk. Fragments are persisted in batches. */
  persist(fragment: ReceivedFragment): Promise<ArchivedFragment> {
    return this.#commits.add(fragment)
  }

  async keepForHost(received: ReceivedFragment): Promise<ArchivedFragment> {
    const { files, hostBuffer, onReadable } = this.stores
    const fragment = toFragment(received, { kind: 'buffered', path: received.path })
    for (const stale of hostBuffer.add({ fragment, received })) await files.removeIncoming(stale)
    onReadable(fragment)
    return fragment
  }

  skipTo(lastFileId: number): void {
    this.#lastFileId = lastFileId
  }

  /** Resolves when all fragments so far are persisted or refused. */
  settled(): Promise<void> {
    return this.#commits.settled()
  }

  async #commit(batch: readonly ReceivedFragment[]): Promise<readonly ArchivedFragment[]> {
    const files = batch.map(({ path }) => ({ id: ++this.#lastFileId, path }))
    const fragments = await this.#publish(batch, files)
    await this.#syncCommit(files)
    for (const fragment of fragments) this.stores.onReadable(fragment)
    return fragments
  }

  async #publish(batch: readonly ReceivedFragment[], files: readonly PlacedFile[]): Promise<readonly ArchivedFragment[]> {
    try {
      const persistedMs = Math.floor(this.stores.clock.now())
      const rows = batch.map((received, index) => toRow(received, at(files, index).id, persistedMs))
      await Promise.all([this.stores.files.publish(files), this.#record(batch, rows)])
      inDeferredTransaction(this.stores.database, () => {
        for (const { session } of batch) this.stores.sessions.ensure(session)
        for (const row of rows) this.stores.index.insert(row)
      })
      return batch.map((received, index) => toFragment(received, { kind: 'archived', fileId: at(files, index).id }))
    } catch (error) {
      for (const { id, path } of files) await this.#removeQuietly(id, path)
      throw error
    }
  }

  /** If the sync fails, the rows are withdrawn. The sweep removes their files later, because the rows may be on disk and must not name missing files. */
  async #syncCommit(files: readonly PlacedFile[]): Promise<void> {
    const { commitLog, database, index } = this.stores
    try {
      await commitLog.sync()
    } catch (error) {
      inTransaction(database, () => index.withdraw(files.map(({ id }) => id)))
      throw error
    }
  }

  /** Writes the content of the rows to files too. */
  async #record(batch: readonly ReceivedFragment[], rows: readonly FragmentRow[]): Promise<void> {
    const { records, streams } = this.stores
    const first = at(rows, 0).fileId
    for (const directory of new Set(rows.map(({ fileId }) => directoryOf(fileId)))) {
      const own = rows.filter(({ fileId }) => directoryOf(fileId) === directory)
      const sessions = new Map(batch.map(({ session }) => [session.id, session]))
      const used = [...new Set(own.map(({ sessionId }) => sessionId))].flatMap((id) => sessions.get(id) ?? [])
      await records.append(directory, {
        fragments: own.map((row) => toFragmentEntry(row, first)),
        sessions: used.flatMap((session) => {
          const stream = streams.findById(session.streamId)
          return stream === undefined ? [] : [toSessionEntry(session, stream)]
        }),
      })
    }
  }

  /** Ignores failures: the caller reports the first error, and no row names these files. */
  async #removeQuietly(id: number, path: string): Promise<void> {
    const { files } = this.stores
    await Promise.allSettled([files.remove([id]), files.removeIncoming(path)])
  }
}

function toRow({ session, number, details, ...received }: ReceivedFragment, fileId: number, persistedMs: EpochMs): FragmentRow {
  const { producerTimestampMs, lengthMs, clusterBytes, frameFault } = received
  return {
    ...{ fileId, streamId: session.streamId, sessionId: session.id, sequence: number.sequence, nonce: number.nonce },
    ...{ producerMs: producerTimestampMs, serverMs: number.serverTimestampMs, lengthMs, persistedMs },
    ...{ sizeBytes: session.header.byteLength + clusterBytes, clusterBytes, frameFault },
    ...{ samples: packSampleTable(details.samples), leadingTags: details.leadingTags, trailingTags: details.trailingTags },
  }
}

function toFragment(received: ReceivedFragment, source: FragmentSource): ArchivedFragment {
  const { session, number, producerTimestampMs, lengthMs, clusterBytes, frameFault } = received
  return {
    streamId: session.streamId,
    fragmentNumber: formatFragmentNumber(number),
    sequence: number.sequence,
    sessionId: session.id,
    producerTimestampMs,
    serverTimestampMs: number.serverTimestampMs,
    lengthMs,
    sizeBytes: session.header.byteLength + clusterBytes,
    clusterBytes,
    frameFault,
    source,
  }
}
