import { setImmediate } from 'node:timers/promises'
import type { EpochMs } from '../../lib/clock.js'
import type { ArchiveStores } from './archive-stores.js'
import { inDeferredTransaction } from './database.js'
import { GroupCommit } from './group-commit.js'

/** Rows per step, and the time after which a batch ends. */
const STEP = 20
const BATCH_MS = 10
/** Files or sessions that are removed before the sweep yields to the event loop. */
const BATCH = 200

export interface RetentionSweepOptions extends ArchiveStores {
  /** Fragments of the stream that were received earlier have expired. */
  readonly retainedSince: (streamId: number) => EpochMs
}

/**
 * Removes expired fragments and the fragments of deleted streams. One transaction removes the rows and records their files for removal. Then
 * the files go, then the records. After a crash the next sweep continues from the records. A file goes only after the removal of its row is on
 * disk. Batches are short and yield to the event loop, so that uploads and reads continue. The main thread never waits for the disk.
 */
export class RetentionSweep {
  readonly #sweeps = new GroupCommit((waiting: readonly true[]) => this.#sweep().then(() => waiting), Number.POSITIVE_INFINITY)
  #isClosed = false

  constructor(private readonly options: RetentionSweepOptions) {}

  /** Sweeps everything, once more if a sweep is running. */
  async run(): Promise<void> {
    await this.#sweeps.add(true)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#sweeps.settled()
  }

  async #sweep(): Promise<void> {
    await this.#removeFiles()
    for (const streamId of this.options.index.streamIds()) await this.#sweepStream(streamId)
  }

  async #sweepStream(streamId: number): Promise<void> {
    let removed = 0
    while (!this.#isClosed) {
      const expired = this.#expireBatch(streamId)
      if (expired === 0) break
      removed += expired
      await this.#removeFiles()
    }
    if (removed > 0) await this.#pruneSessions(streamId)
  }

  #expireBatch(streamId: number): number {
    const { database, index, retainedSince } = this.options
    const began = performance.now()
    return inDeferredTransaction(database, () => {
      for (let total = 0; ; ) {
        const expired = index.expire(streamId, retainedSince(streamId), STEP)
        total += expired
        if (expired < STEP || performance.now() - began >= BATCH_MS) return total
      }
    })
  }

  async #removeFiles(): Promise<void> {
    const { database, index, files, records, commitLog } = this.options
    let after = 0
    while (!this.#isClosed) {
      const ids = index.removals(after, BATCH)
      const last = ids.at(-1)
      if (last === undefined) return
      after = last
      await commitLog.sync()
      const removed = await files.remove(ids)
      inDeferredTransaction(database, () => index.removed(removed))
      for (const directory of await files.removeEmptyDirectories(removed, index.lastFileId())) await records.remove(directory)
    }
  }

  async #pruneSessions(streamId: number): Promise<void> {
    const { database, index, sessions } = this.options
    const pruneBatch = () => sessions.prune(streamId, index.findNext(streamId, -1, 0)?.sessionId ?? null, BATCH)
    while (!this.#isClosed && inDeferredTransaction(database, pruneBatch) === BATCH) await setImmediate()
  }
}
