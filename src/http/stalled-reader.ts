import type { ServerResponse } from 'node:http'
import { findUnacknowledgedBytes } from '../lib/unacknowledged-bytes.js'

/** Looks within an idle time; a reader is idle when none of them saw it take a byte. */
const LOOKS = 4

/** Cuts the connection of a reader that takes no byte for `idleMs`, and up to a quarter longer, while there are bytes for it. */
export class StalledReader {
  readonly #raw: ServerResponse
  readonly #lookMs: number
  #isWatching = false
  #unacknowledged: number | null | undefined
  #idleLooks = 0
  #lookedAtMs = 0

  constructor(raw: ServerResponse, idleMs: number) {
    this.#raw = raw
    this.#lookMs = Math.max(1, Math.ceil(idleMs / LOOKS))
    // Node gives this event when nothing has left the socket's own queue for the time.
    raw.on('timeout', () => void this.#look())
  }

  /** A write is under way. */
  watch(): void {
    this.#isWatching = true
    this.#idleLooks = 0
    this.#unacknowledged = undefined
    this.#lookedAtMs = performance.now()
    this.#raw.setTimeout(this.#lookMs)
  }

  /** It is over: from here on the reader waits, and not the gateway. */
  rest(): void {
    this.#isWatching = false
    this.#raw.setTimeout(0)
  }

  async #look(): Promise<void> {
    const { socket } = this.#raw
    if (socket === null || !this.#isWatching) return
    const nowMs = performance.now()
    // Node starts the time again by itself when it sees bytes leave.
    const hasMoved = nowMs - this.#lookedAtMs > 1.5 * this.#lookMs
    this.#lookedAtMs = nowMs
    const unacknowledged = await findUnacknowledgedBytes(socket)
    const isIdle = !hasMoved && (this.#unacknowledged === undefined || unacknowledged === this.#unacknowledged)
    this.#unacknowledged = unacknowledged
    this.#idleLooks = isIdle ? this.#idleLooks + 1 : 0
    if (!this.#isWatching) return
    if (this.#idleLooks > LOOKS) this.#raw.destroy()
    else this.#raw.setTimeout(this.#lookMs)
  }
}
