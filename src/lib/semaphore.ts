/** Limits how many tasks run at the same time. The others wait in FIFO order. */
export class Semaphore {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(permits: number) {
    this.#free = permits
  }

  /** Rejects with the signal's reason if it aborts before the task starts. */
  async run<Value>(task: () => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    signal?.throwIfAborted()
    if (this.#free > 0) this.#free -= 1
    else await this.#wait(signal)
    try {
      return await task()
    } finally {
      this.#release()
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        this.#waiting.delete(start)
        reject(signal?.reason)
      }
      this.#waiting.add(start)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }

  /** Passes the permit on to the task that has waited longest. */
  #release(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#free += 1
      return
    }
    this.#waiting.delete(next)
    next()
  }
}

const longComputations = new Semaphore(1)

/**
 * Resolves in a turn of the event loop of its own. A computation of several milliseconds waits for it, so that I/O and other work come
 * between two such computations.
 */
export function takeTurn(): Promise<void> {
  return longComputations.run(() => new Promise((resolve) => setImmediate(resolve)))
}
