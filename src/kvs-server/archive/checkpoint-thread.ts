import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

/** Beside this module and of its kind, compiled or not. */
const PROGRAM = new URL(`./checkpoint-program${extname(import.meta.url)}`, import.meta.url)

/**
 * Brings the write-ahead log into the index from a thread of its own: a checkpoint waits for the disk several times, and keeps neither
 * readers nor writers waiting (https://www.sqlite.org/wal.html, section 2.2). One that fails does no harm: the log grows until the next.
 */
export class CheckpointThread {
  readonly #file: string
  #worker: Worker | null = null
  #isRunning = false

  constructor(file: string) {
    this.#file = file
  }

  /** Whether it could be started: one at a time is made. */
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
    // Whatever the main thread was started with (loaders, probes) is none of its business.
    const worker = new Worker(PROGRAM, { workerData: this.#file, execArgv: [] })
    worker.unref()
    worker.on('message', () => {
      this.#isRunning = false
    })
    // It ends by itself only where it fails; the next checkpoint is another's.
    worker.once('error', () => {
      this.#worker = null
      this.#isRunning = false
    })
    return worker
  }
}
