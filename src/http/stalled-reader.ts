import type { ServerResponse } from 'node:http'
import { findUnacknowledgedBytes } from './unacknowledged-bytes.js'

/** Checks within an idle time. A reader is idle if no check saw it take a byte. */
const CHECKS = 12

/**
 * Closes the connection of a reader that takes no byte for `idleMs` while there are bytes to send. It may take a quarter longer: Node's timer
 * fires only on its second period without progress.
 */
export class StalledReader {
  readonly #checkMs: number
  #isWatching = false
  #unacknowledged: number | null | undefined
  #idleChecks = 0
  #checkedAtMs = 0

  constructor(
    private readonly raw: ServerResponse,
    idleMs: number,
  ) {
    this.#checkMs = Math.max(1, Math.ceil(idleMs / CHECKS))
    // Node emits this when no byte has left the socket's own queue for the time.
    raw.on('timeout', () => void this.#check())
  }

  /** A write has begun. */
  watch(): void {
    this.#isWatching = true
    this.#idleChecks = 0
    this.#unacknowledged = undefined
    this.#checkedAtMs = performance.now()
    this.raw.setTimeout(this.#checkMs)
  }

  /** The write is complete: now the reader waits for the gateway. */
  rest(): void {
    this.#isWatching = false
    this.raw.setTimeout(0)
  }

  async #check(): Promise<void> {
    const { socket } = this.raw
    if (socket === null || !this.#isWatching) return
    const nowMs = performance.now()
    // Node restarts its timer when bytes leave.
    const hasMoved = nowMs - this.#checkedAtMs > 1.5 * this.#checkMs
    this.#checkedAtMs = nowMs
    const unacknowledged = await findUnacknowledgedBytes(socket)
    const isIdle = !hasMoved && (this.#unacknowledged === undefined || unacknowledged === this.#unacknowledged)
    this.#unacknowledged = unacknowledged
    this.#idleChecks = isIdle ? this.#idleChecks + 1 : 0
    if (!this.#isWatching) return
    if (this.#idleChecks >= CHECKS) this.raw.destroy()
    else this.raw.setTimeout(this.#checkMs)
  }
}
