import type { PartBody, PartFetch } from '../../src/delivery/ports.js'

/** Varied bytes that are the same for the same seed. */
export function patternBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let state = (seed * 2_654_435_761) >>> 0 || 1
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** A fetch of these bytes that counts its calls. */
export function countingFetch(bytes: Buffer, chunkBytes = 65_536): { readonly fetch: PartFetch; readonly calls: () => number } {
  let calls = 0
  const fetch: PartFetch = async () => {
    calls += 1
    return { sizeBytes: bytes.byteLength, bytes: inChunks(bytes, chunkBytes) }
  }
  return { fetch, calls: () => calls }
}

export async function* inChunks(bytes: Buffer, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield Buffer.from(bytes.subarray(at, at + chunkBytes))
}

/** A source whose bytes arrive when the test sends them. */
export class HandFedSource {
  calls = 0
  signal: AbortSignal | null = null
  isLeft = false
  readonly #queue: ({ readonly chunk: Uint8Array } | { readonly error: Error } | 'end')[] = []
  #wake: () => void = () => undefined

  constructor(readonly sizeBytes: number | null) {}

  readonly fetch: PartFetch = async (signal): Promise<PartBody> => {
    this.calls += 1
    this.signal = signal
    signal.addEventListener('abort', () => this.#wake())
    return { sizeBytes: this.sizeBytes, bytes: this.#bytes(signal) }
  }

  feed(chunk: Uint8Array): void {
    this.#put({ chunk: Buffer.from(chunk) })
  }

  end(): void {
    this.#put('end')
  }

  breakOff(error: Error): void {
    this.#put({ error })
  }

  #put(item: { readonly chunk: Uint8Array } | { readonly error: Error } | 'end'): void {
    this.#queue.push(item)
    this.#wake()
  }

  async *#bytes(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const item = this.#queue.shift()
        if (signal.aborted) throw signal.reason
        if (item === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
          continue
        }
        if (item === 'end') return
        if ('error' in item) throw item.error
        yield item.chunk
      }
    } finally {
      this.isLeft = true
    }
  }
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = []
  for await (const chunk of chunks) copies.push(Buffer.from(chunk))
  return Buffer.concat(copies)
}
