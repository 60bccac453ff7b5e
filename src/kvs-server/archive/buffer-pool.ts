/** Reuses buffers of one size: allocating a large one for each read or write costs more than the copy into it. */
export class BufferPool {
  readonly #idle: Buffer[] = []

  constructor(private readonly options: { readonly bufferBytes: number; readonly idleKept: number }) {}

  take(): Buffer {
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.options.bufferBytes)
  }

  /** Call it when nothing reads the buffer any more. */
  give(buffer: Buffer): void {
    if (this.#idle.length < this.options.idleKept) this.#idle.push(buffer)
  }
}

/** For media that is read: two buffers of 1 MiB for each answer read fastest, and are all the memory that an answer takes. */
export const readBuffers = new BufferPool({ bufferBytes: 1_048_576, idleKept: 16 })
/** For uploads: one write for so many bytes, so that small chunks of a socket do not each go to the disk. */
export const writeBuffers = new BufferPool({ bufferBytes: 524_288, idleKept: 16 })
