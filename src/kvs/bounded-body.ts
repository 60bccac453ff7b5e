import type { Readable } from 'node:stream'

const INITIAL_BYTES = 16_384
/** Limits the number of chunks: each costs a few microseconds, so a mebibyte in chunks of one byte takes seconds of CPU time. */
const MIN_AVERAGE_CHUNK_BYTES = 64
const UNCHECKED_CHUNKS = 2_000

/** A response is larger than its operation needs, or does not end. */
export class AnswerOutOfBounds extends Error {
  override readonly name = 'AnswerOutOfBounds'
}

/** Reads a whole body. Closes the socket when the body exceeds its limits. @throws AnswerOutOfBounds */
export function readBoundedBody(
  body: Readable,
  announcedBytes: string | undefined,
  { maxBytes, timeoutMs }: { readonly maxBytes: number; readonly timeoutMs: number },
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

/** Copies chunks into one buffer. Keeping chunks of one byte would take a hundred times the memory. */
class GatheredBytes {
  #memory = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  #length = 0
  #chunks = 0

  constructor(private readonly maxBytes: number) {}

  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#length)
  }

  add(chunk: Uint8Array): AnswerOutOfBounds | null {
    const length = this.#length + chunk.byteLength
    this.#chunks += 1
    if (length > this.maxBytes) return tooLong(this.maxBytes)
    if (this.#chunks > UNCHECKED_CHUNKS + length / MIN_AVERAGE_CHUNK_BYTES)
      return new AnswerOutOfBounds('an answer comes in too many small chunks')
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
