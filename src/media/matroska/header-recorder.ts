/** Copies what is read until the first Cluster: the session header, to be stored and given back as it came. */
export class HeaderRecorder {
  #bytes: Uint8Array = new Uint8Array(1024)
  #length = 0

  constructor(
    /** Offset of the EBML header in the upload. */
    readonly start: number,
  ) {}

  append(bytes: Uint8Array, at: number, count: number): void {
    const length = this.#length + count
    if (length > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.max(length, this.#bytes.byteLength * 2))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    this.#bytes.set(bytes.subarray(at, at + count), this.#length)
    this.#length = length
  }

  copy(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}
