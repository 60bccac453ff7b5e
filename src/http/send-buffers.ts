import type { WebSocket } from '@fastify/websocket'
import { dismissSocket } from './dismiss-socket.js'

export interface SendLimits {
  /** Bytes that may wait for one socket. */
  readonly bytesPerSocket: number
  /** Bytes that may wait for all sockets together. */
  readonly totalBytes: number
}

/** Frames add a header of at most ten bytes (RFC 6455, 5.2). */
const FRAME_BYTES = 10
/** RFC 6455's registry: Try Again Later. Clients reconnect after it, and then get the current state instead of what waited. */
const TRY_AGAIN_LATER = 1013
/** What waited is still on its way to a client that reads again. */
const SLOW_GOODBYE_MS = 5000

/** Bounds what waits for WebSocket clients that do not read, or read slowly. */
export class SendBuffers {
  readonly #limits: SendLimits
  readonly #waiting = new Map<WebSocket, number>()
  #totalBytes = 0

  constructor(limits: SendLimits) {
    this.#limits = limits
  }

  /** Bytes that wait for all sockets. */
  get totalBytes(): number {
    return this.#totalBytes
  }

  /** Resolves when the bytes are with the operating system, or the socket takes no more. */
  async send(socket: WebSocket, text: string): Promise<void> {
    if (socket.readyState !== socket.OPEN) return
    const bytes = Buffer.byteLength(text) + FRAME_BYTES
    const waiting = this.#waiting.get(socket) ?? 0
    if (waiting + bytes > this.#limits.bytesPerSocket) return this.#dismiss(socket)
    this.#change(socket, bytes)
    if (this.#totalBytes > this.#limits.totalBytes) this.#dismissSlowest()
    await write(socket, text)
    if (this.#waiting.has(socket)) this.#change(socket, -bytes)
  }

  #dismissSlowest(): void {
    const [slowest] = [...this.#waiting].toSorted(([, a], [, b]) => b - a)
    if (slowest) this.#dismiss(slowest[0])
  }

  /** What waits for it counts no more: it is gone in a moment. */
  #dismiss(socket: WebSocket): void {
    this.#change(socket, -(this.#waiting.get(socket) ?? 0))
    dismissSocket(socket, TRY_AGAIN_LATER, 'This client reads too slowly.', SLOW_GOODBYE_MS)
  }

  #change(socket: WebSocket, bytes: number): void {
    const waiting = (this.#waiting.get(socket) ?? 0) + bytes
    this.#totalBytes += bytes
    if (waiting === 0) this.#waiting.delete(socket)
    else this.#waiting.set(socket, waiting)
  }
}

/** Of a socket that breaks, `ws` calls back too. A function of its own, so that no closure keeps the text while it waits. */
function write(socket: WebSocket, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.send(text, () => resolve())
  return promise
}
