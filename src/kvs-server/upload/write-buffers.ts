/** One write for so many bytes, so that small chunks of a socket do not each go to the disk. */
const WRITE_BYTES = 524_288
const IDLE_KEPT = 16

/** Buffers that uploads are gathered in on their way to the disk. */
export class WriteBuffers {
  readonly #idle: Buffer[] = []

  take(): Buffer {
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(WRITE_BYTES)
  }

  /** Call it when nothing reads the buffer any more. */
  give(buffer: Buffer): void {
    if (this.#idle.length < IDLE_KEPT) this.#idle.push(buffer)
  }
}
