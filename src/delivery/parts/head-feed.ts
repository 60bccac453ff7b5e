import { freeBytes } from '../../media/free-bytes.js'
import { type ParsedMovie, readMovie } from '../../media/mp4/read/read-movie.js'

/** Reads the tables of an MP4 out of its bytes as they pass, holding no more of them than the tables. */
export class HeadFeed {
  readonly #reading: ReturnType<typeof readMovie>
  #step: IteratorResult<{ readonly start: number; readonly end: number }, ParsedMovie>
  /** What has passed and may still be wanted. */
  #held: { readonly start: number; readonly bytes: Uint8Array }[] = []
  /** What the reader was given, and looks at until it is done. */
  #given: Uint8Array[] = []
  #passed = 0

  constructor(source: number) {
    this.#reading = readMovie(source)
    this.#step = this.#reading.next(new Uint8Array(0))
  }

  /** Null until the tables have passed. */
  get parsed(): ParsedMovie | null {
    return this.#step.done === true ? this.#step.value : null
  }

  get passedBytes(): number {
    return this.#passed
  }

  /** Whether the chunk brings the last of what is read next: then pushing it takes time, else it is a copy. */
  isReadWith(chunk: Uint8Array): boolean {
    return this.#step.done !== true && this.#passed + chunk.byteLength >= this.#step.value.end
  }

  /** Copies what it may need: the chunk belongs to whoever it goes to next. @throws MalformedMedia */
  push(chunk: Uint8Array): void {
    const start = this.#passed
    this.#passed += chunk.byteLength
    if (this.#step.done === true) return
    const unwanted = Math.min(chunk.byteLength, Math.max(0, this.#step.value.start - start))
    this.#held.push({ start: start + unwanted, bytes: Buffer.from(chunk.subarray(unwanted)) })
    this.#feed(false)
  }

  /** @throws MalformedMedia when the tables are not all there. */
  end(): void {
    this.#feed(true)
  }

  #feed(isEnd: boolean): void {
    while (this.#step.done !== true && (isEnd || this.#passed >= this.#step.value.end)) {
      const bytes = this.#cut(this.#step.value)
      this.#given.push(bytes)
      this.#step = this.#reading.next(bytes)
    }
    const { done, value } = this.#step
    if (done === true) this.#forget()
    else this.#held = this.#held.filter((held) => held.start + held.bytes.byteLength > value.start)
  }

  /** The tables are copies of our own, as large as what is read from them; hundreds of heads of a long clip pass one after the other. */
  #forget(): void {
    for (const { bytes } of this.#held.splice(0)) freeBytes(bytes)
    for (const bytes of this.#given.splice(0)) freeBytes(bytes)
  }

  #cut({ start, end }: { readonly start: number; readonly end: number }): Uint8Array {
    return Buffer.concat(this.#held.map((held) => held.bytes.subarray(Math.max(0, start - held.start), Math.max(0, end - held.start))))
  }
}
