import { orAborted } from '../../lib/clock.js'
import type { Lease, Leases } from '../ports.js'

/** Leases of one process. They end with it, so none expires. */
export class LocalLeases implements Leases {
  /** The last lease of each key, until it is released. */
  readonly #last = new Map<string, Promise<void>>()

  async acquire(key: string, signal: AbortSignal): Promise<Lease> {
    const before = this.#last.get(key)
    const released = Promise.withResolvers<void>()
    const last = Promise.all([before, released.promise]).then(() => {
      if (this.#last.get(key) === last) this.#last.delete(key)
    })
    this.#last.set(key, last)
    try {
      await orAborted(Promise.resolve(before), signal)
    } catch (error) {
      released.resolve()
      throw error
    }
    return { hadToWait: before !== undefined, release: released.resolve }
  }
}
