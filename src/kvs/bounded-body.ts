import type { Readable } from 'node:stream'

export interface BodyBounds {
  readonly maxBytes: number
  /** Until the last byte: one that drips is given up, too. */
  readonly timeoutMs: number
}

const FIRST_BYTES = 16_384
/** Each chunk costs some microseconds, however short it is: a mebibyte in chunks of one byte takes longer than anything that is asked for. */
const LEAST_CHUNK_BYTES = 64
const FREE_CHUNKS = 2_000

/** An answer that is read into memory is longer than its operation ever needs, or does not end. */
export class AnswerOutOfBounds extends Error {
  override readonly name = 'AnswerOutOfBounds'
}

/** All bytes of a body. The socket of one that goes beyond its bounds is closed. @throws AnswerOutOfBounds */
export function readBoundedBody(
  body: Readable,
  announcedBytes: string | undefined,
  { maxBytes, timeoutMs }: BodyBounds,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const gathered = new GatheredBytes(maxBytes)
    const timer = setTimeout(() => stop(new AnswerOutOfBounds(`an answer did not end within ${timeoutMs} ms`)), timeoutMs)
    const stop = (error: unknown) => {
      clearTimeout(timer)
      reject(error)
      body.destroy()
    }
    body.on('error', stop)
    body.once('close', () => stop(new Error('the connection was closed within an answer')))
    body.once('end', () => {
      clearTimeout(timer)
      resolve(gathered.bytes)
    })
    if (Number(announcedBytes) > maxBytes) return stop(tooLong(maxBytes))
    body.on('data', (chunk: Uint8Array) => {
      const problem = gathered.add(chunk)
      if (problem !== null) stop(problem)
    })
  })
}

/** Copied as they come: chunks of one byte each would take a hundred times as much if they were kept. */
class GatheredBytes {
  #memory = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0
  #chunks = 0

  constructor(private readonly maxBytes: number) {}

  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#length)
  }

  /** Null, or why this chunk is one too many. */
  add(chunk: Uint8Array): AnswerOutOfBounds | null {
    const length = this.#length + chunk.byteLength
    this.#chunks += 1
    if (length > this.maxBytes) return tooLong(this.maxBytes)
    if (this.#chunks > FREE_CHUNKS + length / LEAST_CHUNK_BYTES) return new AnswerOutOfBounds('an answer comes in too many small chunks')
    if (length > this.#memory.byteLength) this.#grow(length)
    this.#memory.set(chunk, this.#length)
    this.#length = length
    return null
  }

  #grow(length: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.min(this.maxBytes, Math.max(2 * this.#memory.byteLength, length)))
    larger.set(this.bytes)
    this.#memory = larger
  }
}

function tooLong(maxBytes: number): AnswerOutOfBounds {
  return new AnswerOutOfBounds(`an answer has more than ${maxBytes} bytes`)
}
