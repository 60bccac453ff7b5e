import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { CheckpointThread } from './checkpoint-thread.js'
import type { FileSystem, SyncedFile } from './file-system.js'
import { integerOf } from './row.js'

/** Changed rows after which the log is brought into the index: a few megabytes of it. */
const ROWS_PER_CHECKPOINT = 2000

export interface CommitLogOptions {
  readonly database: DatabaseSync
  /** The index's path. */
  readonly file: string
  readonly fileSystem: FileSystem
}

/**
 * The index's write-ahead log, as far as the disk is concerned: it is synced, and brought into the index, while the main thread goes on.
 * Only the log is opened here, never the index itself: to close any descriptor of that would let go of SQLite's own locks
 * (https://www.sqlite.org/howtocorrupt.html, section 2.2).
 */
export class CommitLog {
  readonly #path: string
  readonly #fileSystem: FileSystem
  readonly #checkpoints: CheckpointThread
  readonly #changes: StatementSync
  readonly #emptyLog: StatementSync
  /** SQLite keeps the log's file for as long as the index is open. */
  #log: SyncedFile | null = null
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null
  #changesAtCheckpoint = 0
  /** A sync has failed: what it was to bring to the disk may be lost, and the kernel tells that once (fsync(2), EIO); the next sync succeeds. */
  #isDoubtful = false

  constructor({ database, file, fileSystem }: CommitLogOptions) {
    this.#path = `${file}-wal`
    this.#fileSystem = fileSystem
    this.#checkpoints = new CheckpointThread(file)
    this.#changes = database.prepare('SELECT total_changes() AS changes')
    this.#emptyLog = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  /** Resolves when all that is committed by now is on disk. Who asks while a sync is under way shares the one after it. */
  sync(): Promise<void> {
    this.#next ??= this.#syncAfter(this.#running)
    return this.#next
  }

  async close(): Promise<void> {
    await this.#next?.catch(() => {})
    await this.#running.catch(() => {})
    const log = this.#log
    this.#log = null
    await log?.close()
    await this.#checkpoints.close()
  }

  async #syncAfter(before: Promise<void>): Promise<void> {
    // Its failure was told to those who asked for it.
    await before.catch(() => {})
    this.#next = null
    this.#running = this.#syncLog()
    await this.#running
    this.#checkpointWhenLong()
  }

  async #syncLog(): Promise<void> {
    try {
      this.#log ??= await this.#fileSystem.openToSync(this.#path, 'file')
      await this.#log.sync()
    } catch (error) {
      this.#isDoubtful = true
      throw error
    }
    if (this.#isDoubtful) this.#beginLogAnew()
  }

  /** Behind a gap in the log nothing of it is read again after a loss of power: all of it goes into the index, here and now. */
  #beginLogAnew(): void {
    if (integerOf(this.#emptyLog.get() ?? {}, 'busy') !== 0) throw new Error('a sync of the log has failed, and the index is in use')
    this.#isDoubtful = false
  }

  #checkpointWhenLong(): void {
    const changes = integerOf(this.#changes.get() ?? {}, 'changes')
    if (changes - this.#changesAtCheckpoint >= ROWS_PER_CHECKPOINT && this.#checkpoints.start()) this.#changesAtCheckpoint = changes
  }
}
