import { extname } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import type { FileSystem, SyncedFile } from './file-system.js'
import { GroupCommit } from './group-commit.js'
import { integerOf } from './row.js'

/** Changed rows between two checkpoints: a few megabytes of the log. */
const ROWS_PER_CHECKPOINT = 2000

/**
 * Syncs the write-ahead log of the index, and checkpoints it, without blocking the main thread. Opens the log only, never the index: closing
 * a descriptor of the index would release SQLite's locks (https://www.sqlite.org/howtocorrupt.html, section 2.2).
 */
export class CommitLog {
  readonly #checkpoints: CheckpointThread
  readonly #changes: StatementSync
  readonly #emptyLog: StatementSync
  /** SQLite keeps the log's file for as long as the index is open. */
  #log: SyncedFile | null = null
  readonly #syncs = new GroupCommit((waiting: readonly true[]) => this.#syncLog().then(() => waiting), Number.POSITIVE_INFINITY)
  #changesAtCheckpoint = 0
  /** A sync failed, so its data may be lost. The kernel reports that once (fsync(2), EIO), and the next sync succeeds. */
  #isDoubtful = false

  /** `file`: the path of the index. */
  constructor(
    database: DatabaseSync,
    private readonly file: string,
    private readonly fileSystem: FileSystem,
  ) {
    this.#checkpoints = new CheckpointThread(file)
    this.#changes = database.prepare('SELECT total_changes() AS changes')
    this.#emptyLog = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  /** Resolves when everything committed so far is on disk. Calls during a sync share the next one. */
  async sync(): Promise<void> {
    await this.#syncs.add(true)
  }

  async close(): Promise<void> {
    await this.#syncs.settled()
    const log = this.#log
    this.#log = null
    await log?.close()
    await this.#checkpoints.close()
  }

  async #syncLog(): Promise<void> {
    try {
      this.#log ??= await this.fileSystem.openToSync(`${this.file}-wal`, 'file')
      await this.#log.sync()
    } catch (error) {
      this.#isDoubtful = true
      throw error
    }
    if (this.#isDoubtful) this.#beginLogAnew()
    this.#checkpointWhenLong()
  }

  /** After a loss of power SQLite reads the log only up to a gap. So checkpoint all of it now. */
  #beginLogAnew(): void {
    if (integerOf(this.#emptyLog.get() ?? {}, 'busy') !== 0) throw new Error('a sync of the log has failed, and the index is in use')
    this.#isDoubtful = false
  }

  #checkpointWhenLong(): void {
    const changes = integerOf(this.#changes.get() ?? {}, 'changes')
    if (changes - this.#changesAtCheckpoint >= ROWS_PER_CHECKPOINT && this.#checkpoints.start()) this.#changesAtCheckpoint = changes
  }
}

/** Beside this module and of its kind, compiled or not. */
const PROGRAM = new URL(`./checkpoint-program${extname(import.meta.url)}`, import.meta.url)

/**
 * Runs checkpoints of the write-ahead log in a worker thread. A checkpoint waits for the disk several times but blocks neither readers nor
 * writers (https://www.sqlite.org/wal.html, section 2.2). After a failed one the log grows until the next.
 */
export class CheckpointThread {
  #worker: Worker | null = null
  #isRunning = false

  constructor(private readonly file: string) {}

  /** Starts a checkpoint unless one is running. Returns whether it did. */
  start(): boolean {
    if (this.#isRunning) return false
    this.#isRunning = true
    this.#worker ??= this.#createWorker()
    this.#worker.postMessage(null)
    return true
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #createWorker(): Worker {
    // The worker must not inherit the options of the main thread (loaders, probes).
    const worker = new Worker(PROGRAM, { workerData: this.file, execArgv: [] })
    worker.unref()
    worker.on('message', () => {
      this.#isRunning = false
    })
    // The worker ends only when it fails. The next checkpoint gets a new one.
    worker.once('error', () => {
      this.#worker = null
      this.#isRunning = false
    })
    return worker
  }
}
