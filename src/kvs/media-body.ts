import { Readable } from 'node:stream'
import { GatewayError } from '../domain/errors.js'

/** How long a body may be silent while its reader waits. After that it fails. */
const IDLE_TIMEOUT_MS = 30_000

export interface MediaBodyOptions {
  readonly operation: string
  /** Content-Length, when there is one. */
  readonly sizeBytes: number | null
  readonly maxBytes: number
  /** Ends the transfer. Its reason is what the reader gets. */
  readonly signal: AbortSignal
  readonly onBytes: (bytes: number) => void
  readonly idleTimeoutMs?: number
}

/**
 * The media of an answer, to be read once. Ends normally only when every byte has come: a body that is cut, stalled, endless or declared
 * with another length throws. A reader that stops frees the socket. A body that is never read is closed after a while.
 */
export class MediaBody implements AsyncIterable<Uint8Array> {
  #watchdog: NodeJS.Timeout

  constructor(
    private readonly payload: Readable,
    private readonly options: MediaBodyOptions,
  ) {
    this.#watchdog = this.#watch()
    // Without a reader an error of the socket would end the process; the reader gets it from the iteration.
    payload.on('error', () => clearTimeout(this.#watchdog))
    payload.on('close', () => clearTimeout(this.#watchdog))
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    let received = 0
    try {
      for await (const chunk of this.payload) {
        clearTimeout(this.#watchdog)
        const bytes = this.#accept(chunk)
        received += bytes.length
        if (received > this.options.maxBytes) throw new Error(`more than ${this.options.maxBytes} bytes came`)
        yield bytes
        this.#watchdog = this.#watch()
      }
      this.#refuseShort(received)
    } catch (error) {
      throw this.#toBroken(error)
    } finally {
      clearTimeout(this.#watchdog)
      this.payload.destroy()
    }
  }

  #accept(chunk: unknown): Uint8Array {
    if (!(chunk instanceof Uint8Array)) throw new Error('the body is not made of bytes')
    this.options.onBytes(chunk.length)
    return chunk
  }

  #refuseShort(received: number): void {
    const { sizeBytes } = this.options
    if (sizeBytes !== null && sizeBytes !== received) throw new Error(`${received} bytes came, ${sizeBytes} were announced`)
  }

  #watch(): NodeJS.Timeout {
    const idleMs = this.options.idleTimeoutMs ?? IDLE_TIMEOUT_MS
    return setTimeout(() => this.payload.destroy(new Error(`no byte came for ${idleMs} ms`)), idleMs).unref()
  }

  #toBroken(cause: unknown): unknown {
    const { signal } = this.options
    if (signal.aborted) return signal.reason
    if (cause instanceof GatewayError) return cause
    const message = `The response of Kinesis Video to ${this.options.operation} was incomplete.`
    return new GatewayError('KVS_UNAVAILABLE', message, { retryAfterMs: 1_000 }, { cause })
  }
}

/** @throws GatewayError when the SDK gave no stream of bytes, which in Node it always does */
export function openMediaBody(
  payload: unknown,
  options: Omit<MediaBodyOptions, 'sizeBytes'>,
): { sizeBytes: number | null; bytes: MediaBody } {
  if (!(payload instanceof Readable))
    throw new GatewayError('KVS_UNAVAILABLE', `Kinesis Video answered ${options.operation} without a body.`)
  const sizeBytes = toSize(payload)
  return { sizeBytes, bytes: new MediaBody(payload, { ...options, sizeBytes }) }
}

/** The SDK hands out Node's own message, whose headers tell the length; they are no part of its modelled answer. */
function toSize(payload: Readable): number | null {
  if (!('headers' in payload) || typeof payload.headers !== 'object' || payload.headers === null) return null
  const length = 'content-length' in payload.headers ? payload.headers['content-length'] : undefined
  return typeof length === 'string' && /^\d{1,15}$/.test(length) ? Number(length) : null
}
