import type { DatabaseSync } from 'node:sqlite'
import { at } from '../../lib/at.js'
import type { Clock } from '../../lib/clock.js'
import type { ArchivedFragment, FragmentSource, MediaSession, ReceivedFragment } from './archived-fragment.js'
import type { CommitLog } from './commit-log.js'
import { inDeferredTransaction, inTransaction } from './database.js'
import { directoryOf, type FragmentFiles } from './fragment-files.js'
import type { FragmentIndex, FragmentRow } from './fragment-index.js'
import { formatFragmentNumber } from './fragment-number.js'
import { type FragmentRecords, toFragmentEntry, toSessionEntry } from './fragment-records.js'
import { GroupCommit } from './group-commit.js'
import type { SessionTable } from './session-table.js'
import type { StreamRecord } from './stream-record.js'

export interface FragmentIntakeOptions {
  readonly database: DatabaseSync
  readonly index: FragmentIndex
  readonly sessions: SessionTable
  readonly files: FragmentFiles
  readonly records: FragmentRecords
  readonly streams: { findById(id: number): StreamRecord | undefined }
  readonly commitLog: CommitLog
  readonly clock: Clock
  /** Called with each fragment once it is on disk, in order. */
  readonly onPersisted: (fragment: ArchivedFragment) => void
}

interface PlacedFile {
  readonly id: number
  readonly path: string
}

/** Persists received fragments in batches: their files, records and rows. */
export class FragmentIntake {
  readonly #options: FragmentIntakeOptions
  readonly #commits = new GroupCommit((batch: readonly ReceivedFragment[]) => this.#commit(batch))
  #lastFileId: number

  constructor(options: FragmentIntakeOptions) {
    this.#options = options
    this.#lastFileId = options.index.lastFileId()
  }

  /** Resolves when file, directory and row are on disk. */
  persist(fragment: ReceivedFragment): Promise<ArchivedFragment> {
    return this.#commits.add(fragment)
  }

  /** Continues after this file id. */
  skipTo(lastFileId: number): void {
    this.#lastFileId = lastFileId
  }

  /** Resolves when all fragments so far are persisted or refused. */
  settled(): Promise<void> {
    return this.#commits.settled()
  }

  async #commit(batch: readonly ReceivedFragment[]): Promise<readonly ArchivedFragment[]> {
    const files = batch.map(({ path }) => ({ id: this.#nextFileId(), path }))
    const fragments = await this.#publish(batch, files)
    await this.#syncCommit(files)
    for (const fragment of fragments) this.#options.onPersisted(fragment)
    return fragments
  }

  async #publish(batch: readonly ReceivedFragment[], files: readonly PlacedFile[]): Promise<readonly ArchivedFragment[]> {
    try {
      const rows = batch.map((received, index) => this.#toRow(received, at(files, index)))
      await Promise.all([this.#options.files.publish(files), this.#record(batch, rows)])
      inDeferredTransaction(this.#options.database, () => {
        for (const [index, { session }] of batch.entries()) this.#insert(session, at(rows, index))
      })
      return rows.map(({ fragment }) => fragment)
    } catch (error) {
      for (const { id, path } of files) await this.#removeQuietly(id, path)
      throw error
    }
  }

  /** If the sync fails, the rows are withdrawn. The sweep removes their files later, because the rows may be on disk and must not name missing files. */
  async #syncCommit(files: readonly PlacedFile[]): Promise<void> {
    const { commitLog, database, index } = this.#options
    try {
      await commitLog.sync()
    } catch (error) {
      inTransaction(database, () => index.withdraw(files.map(({ id }) => id)))
      throw error
    }
  }

  #toRow(received: ReceivedFragment, { id: fileId }: PlacedFile): FragmentRow {
    const { number, details } = received
    const fragment = toFragment(received, { kind: 'archived', fileId })
    return { fragment, fileId, nonce: number.nonce, persistedAtMs: Math.floor(this.#options.clock.now()), details }
  }

  /** Writes the content of the rows to files too. */
  async #record(batch: readonly ReceivedFragment[], rows: readonly FragmentRow[]): Promise<void> {
    const { records, streams } = this.#options
    const first = at(rows, 0).fileId
    for (const directory of new Set(rows.map(({ fileId }) => directoryOf(fileId)))) {
      const own = rows.filter(({ fileId }) => directoryOf(fileId) === directory)
      const sessions = new Map(batch.map(({ session }) => [session.id, session]))
      const used = [...new Set(own.map(({ fragment }) => fragment.sessionId))].flatMap((id) => sessions.get(id) ?? [])
      await records.append(directory, {
        fragments: own.map((row) => toFragmentEntry(row, first)),
        sessions: used.flatMap((session) => {
          const stream = streams.findById(session.streamId)
          return stream === undefined ? [] : [toSessionEntry(session, stream)]
        }),
      })
    }
  }

  #insert(session: MediaSession, row: FragmentRow): void {
    const { sessions, index } = this.#options
    sessions.ensure(session)
    index.insert(row)
  }

  /** Ignores failures: the caller reports the first error, and no row names these files. */
  async #removeQuietly(id: number, path: string): Promise<void> {
    const { files } = this.#options
    await Promise.allSettled([files.remove([id]), files.removeIncoming(path)])
  }

  #nextFileId(): number {
    this.#lastFileId += 1
    return this.#lastFileId
  }
}

export function toFragment(received: ReceivedFragment, source: FragmentSource): ArchivedFragment {
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
