const EMPTY = new Uint8Array(0)
/** A larger carry, for example of a large header, is not kept. */
const KEPT_CARRY_BYTES = 65_536

/**
 * A window on a stream of chunks: the current chunk, or a small copy (carry) that joins the end of one chunk and the start of the next.
 * Only bytes that are requested with `has` are copied.
 */
export class ByteWindow {
  /** `bytes[at]` is the next byte. Valid until the next method call. */
  bytes: Uint8Array = EMPTY
  at = 0
  /** Offset of `bytes[at]` in the stream. */
  position = 0
  #end = 0
  #isCarrying = false
  #carry: Uint8Array = EMPTY
  #chunk: Uint8Array = EMPTY
  #chunkAt = 0

  /** Adds the next chunk, after all of the previous one has been advanced over or carried. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#chunkAt = 0
    if (!this.#isCarrying) this.#showChunk()
  }

  /** Bytes in the window that have not been advanced over. */
  get waiting(): number {
    return this.#end - this.at
  }

  /** Whether the next `count` bytes have arrived. They are then contiguous from `bytes[at]` on. */
  has(count: number): boolean {
    return this.#end - this.at >= count || this.#gather(count)
  }

  /** Advances over bytes that are in the window. */
  advance(count: number): void {
    this.at += count
    this.position += count
    if (this.#isCarrying && this.at === this.#end) this.#dropCarry()
  }

  /** How many of the next `count` bytes are in the window. Copies nothing. */
  reach(count: number): number {
    return Math.min(count, this.#end - this.at)
  }

  #gather(count: number): boolean {
    if (!this.#isCarrying) this.#startCarry()
    this.#makeRoom(count)
    const taken = Math.min(count - (this.#end - this.at), this.#chunk.byteLength - this.#chunkAt)
    this.bytes.set(this.#chunk.subarray(this.#chunkAt, this.#chunkAt + taken), this.#end)
    this.#chunkAt += taken
    this.#end += taken
    if (this.at === this.#end) this.#dropCarry()
    return this.#end - this.at >= count
  }

  #startCarry(): void {
    const rest = this.bytes.subarray(this.at, this.#end)
    if (this.#carry.byteLength < rest.byteLength) this.#carry = new Uint8Array(rest.byteLength * 2)
    this.#carry.set(rest)
    this.bytes = this.#carry
    this.at = 0
    this.#end = rest.byteLength
    this.#chunkAt = this.#chunk.byteLength
    this.#isCarrying = true
  }

  /** Doubles as bytes arrive. A size field alone allocates nothing. */
  #makeRoom(count: number): void {
    const held = this.#end - this.at
    const arriving = Math.min(count, held + this.#chunk.byteLength - this.#chunkAt)
    if (this.at + arriving <= this.bytes.byteLength) return
    const grown = arriving <= this.bytes.byteLength ? this.bytes : new Uint8Array(Math.max(arriving, this.bytes.byteLength * 2))
    grown.set(this.bytes.subarray(this.at, this.#end))
    this.#carry = grown
    this.bytes = grown
    this.at = 0
    this.#end = held
  }

  #dropCarry(): void {
    this.#isCarrying = false
    if (this.#carry.byteLength > KEPT_CARRY_BYTES) this.#carry = EMPTY
    this.#showChunk()
  }

  #showChunk(): void {
    this.bytes = this.#chunk
    this.at = this.#chunkAt
    this.#end = this.#chunk.byteLength
  }
}
