import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../lib/clock.js'
import type { ArchivedFragment, FragmentSource } from './archived-fragment.js'
import type { CommitLog } from './commit-log.js'
import { inDeferredTransaction, inTransaction } from './database.js'
import type { FragmentFiles } from './fragment-files.js'
import type { FragmentIndex } from './fragment-index.js'
import { formatFragmentNumber } from './fragment-number.js'
import { GroupCommit } from './group-commit.js'
import type { ReceivedFragment } from './received-fragment.js'
import type { SessionTable } from './session-table.js'

export interface FragmentIntakeOptions {
  readonly database: DatabaseSync
  readonly index: FragmentIndex
  readonly sessions: SessionTable
  readonly files: FragmentFiles
  readonly commitLog: CommitLog
  readonly clock: Clock
  /** Told of each fragment once it is on disk, in order. */
  readonly onPersisted: (fragment: ArchivedFragment) => void
}

interface PlacedFile {
  readonly id: number
  readonly path: string
}

/** Brings received fragments into files and index, several at a time. */
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

  /** Resolves when everything handed over so far is persisted or refused. */
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
      await this.#options.files.publish(files)
      return inDeferredTransaction(this.#options.database, () => batch.map((received, i) => this.#insert(received, files[i]?.id ?? 0)))
    } catch (error) {
      for (const { id, path } of files) await this.#removeQuietly(id, path)
      throw error
    }
  }

  /** A row that may not be on disk is taken back; its file is the sweep's to remove, as no row on disk may name a file that is gone. */
  async #syncCommit(files: readonly PlacedFile[]): Promise<void> {
    const { commitLog, database, index } = this.#options
    try {
      await commitLog.sync()
    } catch (error) {
      inTransaction(database, () => index.withdraw(files.map(({ id }) => id)))
      throw error
    }
  }

  #insert(received: ReceivedFragment, fileId: number): ArchivedFragment {
    const { sessions, index, clock } = this.#options
    const { session, number, details } = received
    const fragment = toFragment(received, { kind: 'archived', fileId })
    sessions.ensure(session)
    index.insert({ fragment, fileId, nonce: number.nonce, persistedAtMs: Math.floor(clock.now()), details })
    return fragment
  }

  /** The first failure is the one worth telling; a file that cannot be removed now is named by no row. */
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
