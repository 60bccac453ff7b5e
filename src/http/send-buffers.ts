import type { WebSocket } from '@fastify/websocket'
import { closeSocket } from './web-sockets.js'

export interface SendLimits {
  readonly bytesPerSocket: number
  readonly totalBytes: number
}

/** The maximum size of a frame header (RFC 6455, 5.2). */
const HEADER_BYTES = 10
/** Try Again Later, from the registry of RFC 6455. Clients reconnect and then receive the current state. */
const TRY_AGAIN_LATER = 1013
/** A slow client first receives what is in its buffer, and then the close frame. */
const CLOSE_TIMEOUT_MS = 5000

/** Limits the memory for WebSocket clients that read slowly or not at all. */
export class SendBuffers {
  readonly #waiting = new Map<WebSocket, number>()
  #totalBytes = 0

  constructor(private readonly limits: SendLimits) {}

  get totalBytes(): number {
    return this.#totalBytes
  }

  /** Resolves when the operating system has accepted the bytes, or the socket is closed. */
  async send(socket: WebSocket, text: string): Promise<void> {
    if (socket.readyState !== socket.OPEN) return
    const bytes = Buffer.byteLength(text) + HEADER_BYTES
    if (this.#bytesOf(socket) + bytes > this.limits.bytesPerSocket) return this.#close(socket)
    this.#change(socket, bytes)
    if (this.#totalBytes > this.limits.totalBytes) this.#closeSlowest()
    await write(socket, text)
    if (this.#waiting.has(socket)) this.#change(socket, -bytes)
  }

  #closeSlowest(): void {
    const [slowest] = [...this.#waiting].toSorted(([, a], [, b]) => b - a)
    if (slowest) this.#close(slowest[0])
  }

  /** The buffer no longer counts, because it is released soon. */
  #close(socket: WebSocket): void {
    this.#change(socket, -this.#bytesOf(socket))
    closeSocket(socket, TRY_AGAIN_LATER, 'This client reads too slowly.', CLOSE_TIMEOUT_MS)
  }

  #bytesOf(socket: WebSocket): number {
    return this.#waiting.get(socket) ?? 0
  }

  #change(socket: WebSocket, bytes: number): void {
    const waiting = this.#bytesOf(socket) + bytes
    this.#totalBytes += bytes
    if (waiting === 0) this.#waiting.delete(socket)
    else this.#waiting.set(socket, waiting)
  }
}

/** `ws` also calls back when the socket fails. Separate from `send`, so that its closure does not retain the text. */
function write(socket: WebSocket, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.send(text, () => resolve())
  return promise
}
