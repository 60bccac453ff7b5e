const EMPTY = new Uint8Array(0)
/** A carry that once had to hold a large header does not stay large. */
const KEPT_CARRY_BYTES = 65_536

/**
 * A stream of chunks seen through a window: the chunk itself as long as what is wanted lies within it, else a small copy that joins
 * the end of one chunk to the beginning of the next. Only what is asked for with `has` is ever copied.
 */
export class ByteWindow {
  /** What can be read now: `bytes[at]` is the next byte. Valid until the next call of any method. */
  bytes: Uint8Array = EMPTY
  at = 0
  /** Offset of `bytes[at]` in the whole stream. */
  position = 0
  #end = 0
  #isCarrying = false
  #carry: Uint8Array = EMPTY
  #chunk: Uint8Array = EMPTY
  #chunkAt = 0

  /** Gives the next chunk. Everything of the one before has been advanced over or carried by then. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#chunkAt = 0
    if (!this.#isCarrying) this.#showChunk()
  }

  /** Bytes that have been given, and neither advanced over nor left in the chunk. */
  get waiting(): number {
    return this.#end - this.at
  }

  /** Whether the next `count` bytes are there, in one piece at `bytes[at]`. */
  has(count: number): boolean {
    return this.#end - this.at >= count || this.#gather(count)
  }

  /** Steps over bytes that `has` has answered for. */
  advance(count: number): void {
    this.at += count
    this.position += count
    if (this.#isCarrying && this.at === this.#end) this.#dropCarry()
  }

  /** How many of the next `count` bytes lie in one piece at `bytes[at]`, without copying any. */
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

  /** Grows by doubling as bytes come, never by what a size field claims. */
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
