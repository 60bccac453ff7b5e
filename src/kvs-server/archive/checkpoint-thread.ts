import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

/** Beside this module and of its kind, compiled or not. */
const PROGRAM = new URL(`./checkpoint-program${extname(import.meta.url)}`, import.meta.url)

/**
 * Runs checkpoints of the write-ahead log in a worker thread. A checkpoint waits for the disk several times but blocks neither readers nor
 * writers (https://www.sqlite.org/wal.html, section 2.2). After a failed one the log grows until the next.
 */
export class CheckpointThread {
  readonly #file: string
  #worker: Worker | null = null
  #isRunning = false

  constructor(file: string) {
    this.#file = file
  }

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
    const worker = new Worker(PROGRAM, { workerData: this.#file, execArgv: [] })
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
