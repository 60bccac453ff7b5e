import { setImmediate } from 'node:timers/promises'
import type { PartBody } from '../ports.js'
import { PartBroken } from './part-broken.js'

/** Where the pump puts the bytes. */
export interface PartSink {
  append(chunks: readonly Uint8Array[]): Promise<void>
}

export interface PumpOptions {
  readonly maxBytes: number
  /** How long the source may be silent. */
  readonly idleTimeoutMs: number
  readonly signal: AbortSignal
}

/** As much as may wait for the disk while the source goes on. */
const MAX_PENDING_BYTES = 1_048_576
/** A small write costs as much as one of this size, so a few turns of the loop are waited for more to come: well below a millisecond. */
const BATCH_BYTES = 262_144
const GATHERING_TURNS = 8
/** Whoever asked waits for what comes first. */
const EAGER_BATCHES = 4
/** A source may have as much as the kernel holds of it ready at once: others, a reader who has just been given the URL, come in between. */
const TURN_BYTES = 262_144

/**
 * Moves a body into a sink at the source's speed: while one batch is written the next is gathered. Resolves with how many bytes came,
 * once the last is written; rejects when the source breaks, is silent for too long, or sends another length than it said.
 */
export async function pumpPart(body: PartBody, sink: PartSink, options: PumpOptions): Promise<number> {
  const source = new WatchedSource(body.bytes, options)
  const batches = new BatchWriter(sink)
  try {
    let [bytes, turnEndsAt] = [0, TURN_BYTES]
    for (let chunk = await source.next(); chunk !== null; chunk = await source.next()) {
      bytes += chunk.byteLength
      refuseTooMany(bytes, body.sizeBytes, options.maxBytes)
      await batches.add(chunk)
      if (bytes < turnEndsAt) continue
      await setImmediate()
      turnEndsAt = bytes + TURN_BYTES
    }
    if (body.sizeBytes !== null && bytes < body.sizeBytes) throw wrongLength(body.sizeBytes, `only ${bytes}`)
    await batches.drain()
    return bytes
  } catch (error) {
    source.leave()
    // The file is closed next: nothing may be on its way to it any more.
    await batches.drain().catch(() => null)
    throw error
  }
}

function refuseTooMany(bytes: number, expectedBytes: number | null, maxBytes: number): void {
  if (expectedBytes !== null && bytes > expectedBytes) throw wrongLength(expectedBytes, 'more')
  if (bytes > maxBytes) throw new PartBroken('TOO_LARGE', `a part has at most ${maxBytes} bytes, and more came`)
}

function wrongLength(expectedBytes: number, got: string): PartBroken {
  return new PartBroken('WRONG_LENGTH', `the source announced ${expectedBytes} bytes and sent ${got}`)
}

/** An iterator that is given up when it is silent for too long or the signal aborts, even if it never answers again. */
class WatchedSource {
  readonly #iterator: AsyncIterator<Uint8Array>
  readonly #options: PumpOptions

  constructor(bytes: AsyncIterable<Uint8Array>, options: PumpOptions) {
    this.#iterator = bytes[Symbol.asyncIterator]()
    this.#options = options
  }

  /** Null at the end. */
  next(): Promise<Uint8Array | null> {
    const { idleTimeoutMs, signal } = this.#options
    return new Promise((resolve, reject) => {
      const stop = (error: unknown) => {
        settle()
        reject(error)
      }
      const leave = () => stop(signal.reason)
      const timer = setTimeout(() => stop(new PartBroken('STALLED', `no byte came for ${idleTimeoutMs} ms`)), idleTimeoutMs)
      const settle = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', leave)
      }
      signal.addEventListener('abort', leave)
      if (signal.aborted) leave()
      else
        this.#iterator.next().then((step) => {
          settle()
          resolve(step.done === true ? null : step.value)
        }, stop)
    })
  }

  /** Frees the source; not waited for, since one that is stuck would never answer. */
  leave(): void {
    this.#iterator.return?.().catch(() => null)
  }
}

class BatchWriter {
  readonly #sink: PartSink
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #writing: Promise<void> | null = null
  #failure: { readonly error: unknown } | null = null
  #isDraining = false
  #batches = 0

  constructor(sink: PartSink) {
    this.#sink = sink
  }

  /** Waits only when too much is pending. */
  async add(chunk: Uint8Array): Promise<void> {
    if (this.#failure !== null) throw this.#failure.error
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.byteLength
    this.#writing ??= this.#write()
    if (this.#pendingBytes >= MAX_PENDING_BYTES) await this.#writing
  }

  async drain(): Promise<void> {
    this.#isDraining = true
    await this.#writing
    if (this.#failure !== null) throw this.#failure.error
  }

  async #gather(): Promise<void> {
    for (let turn = 0; turn < GATHERING_TURNS; turn += 1) {
      if (this.#isDraining || this.#batches < EAGER_BATCHES || this.#pendingBytes >= BATCH_BYTES) return
      await setImmediate()
    }
  }

  async #write(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        await this.#gather()
        const batch = this.#pending
        this.#pending = []
        this.#pendingBytes = 0
        this.#batches += 1
        await this.#sink.append(batch)
      }
    } catch (error) {
      this.#failure = { error }
    } finally {
      this.#writing = null
    }
  }
}
