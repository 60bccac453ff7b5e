import { MalformedMedia } from '../../malformed-media.js'
import { BoxView, NotUnderstood, printable } from './box-view.js'
import { farthestChunk } from './chunks.js'
import { type FileRange, MAX_MOOV_BYTES, readBoxHeader } from './find-movie.js'

/** Required children of the boxes on the way to the samples (ISO/IEC 14496-12, 8.2 to 8.7). */
const REQUIRED: ReadonlyMap<string, readonly string[]> = new Map([
  ['moov', ['mvhd', 'trak']],
  ['trak', ['tkhd', 'mdia']],
  ['mdia', ['mdhd', 'hdlr', 'minf']],
  ['minf', ['stbl']],
  ['stbl', ['stsd', 'stts', 'stsc']],
])
/** A fragmented file of 200 fragments has a few thousand boxes. */
const MAX_BOXES = 100_000

interface WalkState {
  hasMoov: boolean
  hasMdat: boolean
  farthestChunk: number
  /** Where the boxes so far end. */
  end: number
}

/**
 * Walks through the boxes of a file while its bytes pass, and throws MalformedMedia as soon as the file cannot be a complete MP4: `ftyp` is not
 * first, a box is longer than its parent or the file, tables are missing, or media starts after the end. `moov` is checked when it has passed.
 */
export class BoxWalk {
  readonly #state: WalkState = { hasMoov: false, hasMdat: false, farthestChunk: 0, end: 0 }
  readonly #walking: Generator<FileRange, void, Uint8Array>
  #wanted: FileRange | null
  /** What has arrived of the wanted range. */
  #held: Uint8Array[] = []
  #passed = 0

  /** `sizeBytes`: size of the file, or its maximum if the size is unknown. */
  constructor(sizeBytes: number) {
    this.#walking = walkFile(sizeBytes, this.#state)
    this.#wanted = this.#walking.next(new Uint8Array(0)).value ?? null
  }

  /** Whether the tables have passed and the media has begun, in either order. */
  get hasMovie(): boolean {
    return this.#state.hasMoov && this.#state.hasMdat
  }

  /** @throws MalformedMedia */
  push(chunk: Uint8Array): void {
    const start = this.#passed
    const end = start + chunk.byteLength
    while (this.#wanted !== null && this.#wanted.start < end) {
      const from = Math.max(this.#wanted.start, this.#passed) - start
      const piece = Uint8Array.from(chunk.subarray(from, this.#wanted.end - start))
      this.#held.push(piece)
      this.#passed = start + from + piece.byteLength
      if (this.#passed < this.#wanted.end) break
      this.#step()
    }
    this.#passed = end
  }

  /** The file has ended. @throws MalformedMedia */
  end(): void {
    const passed = this.#passed
    while (this.#wanted !== null) this.#step()
    if (!this.hasMovie) throw new MalformedMedia('the file ends before moov and mdat', passed)
    if (this.#state.end !== Number.POSITIVE_INFINITY && this.#state.end !== passed)
      throw new MalformedMedia('the file ends inside a box', passed)
    if (this.#state.farthestChunk >= passed) throw beyond(this.#state.farthestChunk, passed)
  }

  #step(): void {
    const bytes = Buffer.concat(this.#held)
    this.#held = []
    this.#wanted = this.#walking.next(bytes).value ?? null
  }
}

function* walkFile(sizeBytes: number, state: WalkState): Generator<FileRange, void, Uint8Array> {
  for (let boxes = 0; state.end < sizeBytes; boxes += 1) {
    const at = state.end
    if (boxes > MAX_BOXES) throw new MalformedMedia(`there are more than ${MAX_BOXES} boxes`, at)
    const box = yield* readBoxHeader(at)
    if (box === null) return
    const isOpen = box.end === Number.POSITIVE_INFINITY
    if (!isOpen && box.end > sizeBytes) {
      const left = sizeBytes - at
      throw new MalformedMedia(`box '${printable(box.type)}' has a size of ${box.end - at} bytes, the file has ${left} left`, at)
    }
    if (isOpen && box.type !== 'moov' && !state.hasMoov) throw new MalformedMedia('no moov can follow', at)
    if (box.type === 'mdat') state.hasMdat = true
    if (box.type === 'moov') {
      const bytes = yield { start: box.start, end: Math.min(box.end, sizeBytes, box.start + MAX_MOOV_BYTES) }
      if (bytes.byteLength < MAX_MOOV_BYTES) state.farthestChunk = checkMoov(new BoxView('moov', bytes, box.start))
      if (state.farthestChunk >= sizeBytes) throw beyond(state.farthestChunk, sizeBytes)
      state.hasMoov = true
    }
    state.end = box.end
  }
}

/** Returns the offset of the chunk that is farthest in the file; 0 if it is not known. */
function checkMoov(moov: BoxView): number {
  try {
    checkChildren(moov)
    return farthestChunk(moov)
  } catch (error) {
    if (error instanceof NotUnderstood) return 0
    throw error
  }
}

function checkChildren(parent: BoxView): void {
  const required = REQUIRED.get(parent.type)
  if (required === undefined) return
  const children = parent.children()
  const missing = required.find((type) => !children.some((child) => child.type === type))
  if (missing !== undefined) throw new MalformedMedia(`${parent.type} has no ${missing}`, parent.offset)
  for (const child of children) checkChildren(child)
}

function beyond(offset: number, sizeBytes: number): MalformedMedia {
  return new MalformedMedia(`media at byte ${offset} of a file of ${sizeBytes} bytes`, offset)
}
