import { takeTurn } from '../../lib/semaphore.js'
import { type ParsedMovie, readMovie } from '../../media/mp4/read/read-movie.js'

/** Reads the tables of an MP4 from its bytes as they pass. Keeps only the bytes of the tables. */
export class HeadFeed {
  readonly #reading = readMovie(0)
  #step = this.#reading.next(new Uint8Array(0))
  /** Copies of what has passed and may still be wanted. */
  #held: { readonly start: number; readonly bytes: Uint8Array }[] = []
  #passed = 0

  /** Null until the tables have passed. */
  get parsed(): ParsedMovie | null {
    return this.#step.done === true ? this.#step.value : null
  }

  get passedBytes(): number {
    return this.#passed
  }

  /** The range that is parsed next; null when all is parsed. */
  get wanted(): { readonly start: number; readonly end: number } | null {
    return this.#step.done === true ? null : this.#step.value
  }

  /** For a file that need not pass as a whole: the next chunk starts here. */
  skipTo(position: number): void {
    this.#passed = position
  }

  /** Copies what it may need: the chunk belongs to the store next. @throws MalformedMedia */
  async push(chunk: Uint8Array): Promise<void> {
    const start = this.#passed
    this.#passed += chunk.byteLength
    if (this.#step.done === true) return
    const unwanted = Math.min(chunk.byteLength, Math.max(0, this.#step.value.start - start))
    this.#held.push({ start: start + unwanted, bytes: Buffer.from(chunk.subarray(unwanted)) })
    if (this.#passed >= this.#step.value.end) {
      // The heads of a long clip arrive together, and each takes milliseconds to parse.
      await takeTurn()
      this.#parse()
    }
    this.#trim()
  }

  /** @throws MalformedMedia when the tables are not all there. */
  end(): void {
    while (this.#step.done !== true) this.#step = this.#reading.next(this.#cut(this.#step.value))
    this.#held = []
  }

  #parse(): void {
    while (this.#step.done !== true && this.#passed >= this.#step.value.end) this.#step = this.#reading.next(this.#cut(this.#step.value))
  }

  #trim(): void {
    const from = this.wanted?.start ?? this.#passed
    this.#held = this.#held.filter(({ start, bytes }) => start + bytes.byteLength > from)
  }

  #cut({ start, end }: { readonly start: number; readonly end: number }): Uint8Array {
    return Buffer.concat(this.#held.map((held) => held.bytes.subarray(Math.max(0, start - held.start), Math.max(0, end - held.start))))
  }
}
