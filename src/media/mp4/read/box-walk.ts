import { MalformedMedia } from '../../malformed-media.js'
import { BoxView, printable } from './box-view.js'

/** Required children of the boxes on the way to the samples (ISO/IEC 14496-12, 8.2 to 8.7). */
const CONTAINERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['moov', ['mvhd', 'trak']],
  ['trak', ['tkhd', 'mdia']],
  ['mdia', ['mdhd', 'hdlr', 'minf']],
  ['minf', ['stbl']],
  ['stbl', ['stsd', 'stts', 'stsc']],
])
const CHUNK_OFFSET_BYTES: ReadonlyMap<string, number> = new Map([
  ['stco', 4],
  ['co64', 8],
])
/** A fragmented file of 200 fragments has a few thousand boxes. */
const MAX_BOXES = 100_000
/** Bytes of a table that are read at a time: a multiple of both entry sizes. */
const TABLE_BYTES = 4096

/**
 * Walks through the boxes of a file while its bytes pass, and throws MalformedMedia as soon as the file cannot be a complete MP4: a box is
 * longer than its parent or the file, `ftyp` is not first, tables are missing, or media starts after the end.
 */
export class BoxWalk {
  readonly #state = { hasMoov: false, hasMdat: false, farthestChunk: 0, boxes: 0 }
  readonly #walking: Generator<Want, void, Came>
  readonly #buffer = new Uint8Array(TABLE_BYTES)
  #want: Want | null
  /** Bytes of the wanted ones that have arrived. */
  #filled = 0
  #passed = 0

  /** `sizeBytes`: size of the file, or its maximum if the size is unknown. */
  constructor({ sizeBytes, isExact }: { readonly sizeBytes: number; readonly isExact: boolean }) {
    this.#walking = walkFile({ sizeBytes, isExact }, this.#state)
    this.#want = toWant(this.#walking.next({ bytes: this.#buffer.subarray(0, 0), isAll: true }))
  }

  /** Whether the tables have passed and the media has begun, in either order. */
  get hasMovie(): boolean {
    return this.#state.hasMoov && this.#state.hasMdat
  }

  /** @throws MalformedMedia */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength && this.#want !== null; ) {
      const { bytes, isSkipped } = this.#want
      const piece = chunk.subarray(at, at + bytes - this.#filled)
      if (!isSkipped) this.#buffer.set(piece, this.#filled)
      this.#filled += piece.byteLength
      at += piece.byteLength
      if (this.#filled === bytes) this.#step(this.#want)
    }
    this.#passed += chunk.byteLength
  }

  /** The file has ended. @throws MalformedMedia */
  end(): void {
    while (this.#want !== null) this.#step(this.#want)
    if (!this.hasMovie) throw new MalformedMedia('the file ends before moov and mdat', this.#passed)
    if (this.#state.farthestChunk >= this.#passed) throw beyond(this.#state.farthestChunk, this.#passed)
  }

  #step({ bytes, isSkipped }: Want): void {
    const came = this.#buffer.subarray(0, isSkipped ? 0 : this.#filled)
    const isAll = this.#filled === bytes
    this.#filled = 0
    this.#want = toWant(this.#walking.next({ bytes: came, isAll }))
  }
}

interface Want {
  readonly bytes: number
  readonly isSkipped: boolean
}

interface Came {
  readonly bytes: Uint8Array
  /** False if the file ended before. */
  readonly isAll: boolean
}

interface FileSize {
  readonly sizeBytes: number
  readonly isExact: boolean
}

interface WalkState {
  hasMoov: boolean
  hasMdat: boolean
  farthestChunk: number
  boxes: number
}

interface Parent {
  readonly type: string
  readonly start: number
  readonly end: number
  /** Whether the box extends to the end of the file. */
  readonly isOpen: boolean
}

function toWant(step: IteratorResult<Want, void>): Want | null {
  return step.done === true ? null : step.value
}

function* walkFile(size: FileSize, state: WalkState): Generator<Want, void, Came> {
  const file = { type: 'file', start: 0, end: size.sizeBytes, isOpen: !size.isExact }
  yield* walkBoxes(file, size, state)
}

function* walkBoxes(parent: Parent, size: FileSize, state: WalkState): Generator<Want, void, Came> {
  const seen = new Set<string>()
  for (let at = parent.start; at < parent.end; ) {
    const box = yield* readHeader(at, parent)
    if (box === null) break
    state.boxes += 1
    if (state.boxes > MAX_BOXES) throw new MalformedMedia(`there are more than ${MAX_BOXES} boxes`, at)
    if (at === 0 && box.type !== 'ftyp') throw new MalformedMedia(`an MP4 starts with ftyp, this file with '${printable(box.type)}'`, 0)
    seen.add(box.type)
    yield* walkBox(box, { parent, size, state })
    at = box.end
  }
  const missing = CONTAINERS.get(parent.type)?.find((type) => !seen.has(type))
  if (missing !== undefined) throw new MalformedMedia(`${parent.type} has no ${missing}`, parent.start)
}

function* walkBox(
  box: Parent,
  { parent, size, state }: { readonly parent: Parent; readonly size: FileSize; readonly state: WalkState },
): Generator<Want, void, Came> {
  const isTopLevel = parent.type === 'file'
  if (isTopLevel && box.type === 'mdat') state.hasMdat = true
  if (isTopLevel && box.isOpen && box.type !== 'moov' && !state.hasMoov) throw new MalformedMedia('no moov can follow', box.start)
  if (isTopLevel ? box.type === 'moov' : CONTAINERS.has(box.type)) yield* walkBoxes(box, size, state)
  else if (CHUNK_OFFSET_BYTES.has(box.type) && parent.type === 'stbl') yield* readChunkOffsets(box, size, state)
  else yield* skip(box, box.start)
  if (isTopLevel && box.type === 'moov') state.hasMoov = true
}

/** Null if the parent ends with the file. */
function* readHeader(at: number, parent: Parent): Generator<Want, Parent | null, Came> {
  const { bytes, isAll } = yield { bytes: 8, isSkipped: false }
  if (!isAll && bytes.byteLength === 0 && parent.isOpen) return null
  if (!isAll) throw new MalformedMedia('the file ends inside the header of a box', at + bytes.byteLength)
  const view = new BoxView(parent.type, bytes, at)
  const type = view.fourCC(4)
  const size = view.u32(0)
  if (size === 0 && parent.type === 'file') return { type, start: at + 8, end: parent.end, isOpen: true }
  const headerBytes = size === 1 ? 16 : 8
  const boxBytes = size === 1 ? yield* readLargeSize(at + 8) : size
  const end = at + boxBytes
  if (boxBytes < headerBytes || !Number.isSafeInteger(end) || end > parent.end) {
    throw new MalformedMedia(`box '${printable(type)}' has a size of ${boxBytes} bytes, its parent has ${parent.end - at} left`, at)
  }
  return { type, start: at + headerBytes, end, isOpen: false }
}

function* readLargeSize(at: number): Generator<Want, number, Came> {
  const { bytes } = yield { bytes: 8, isSkipped: false }
  return new BoxView('file', bytes, at).u64(0)
}

function* readChunkOffsets(box: Parent, { sizeBytes }: FileSize, state: WalkState): Generator<Want, void, Came> {
  const entryBytes = CHUNK_OFFSET_BYTES.get(box.type) ?? 4
  let at = box.start
  if (box.end - at < 8) throw new MalformedMedia(`${box.type} has no entry count`, at)
  const entries = (yield* take(8, at)).u32(4)
  at += 8
  const tableEnd = at + entries * entryBytes
  if (tableEnd > box.end) throw new MalformedMedia(`${box.type} is too short for its ${entries} entries`, at)
  while (at < tableEnd) {
    const table = yield* take(Math.min(TABLE_BYTES, tableEnd - at), at)
    for (let row = 0; row < table.length; row += entryBytes) {
      state.farthestChunk = Math.max(state.farthestChunk, entryBytes === 8 ? table.u64(row) : table.u32(row))
    }
    at += table.length
  }
  if (state.farthestChunk >= sizeBytes) throw beyond(state.farthestChunk, sizeBytes)
  yield* skip(box, at)
}

function* take(length: number, at: number): Generator<Want, BoxView, Came> {
  const { bytes, isAll } = yield { bytes: length, isSkipped: false }
  if (!isAll) throw new MalformedMedia('the file ends inside a table', at + bytes.byteLength)
  return new BoxView('table', bytes, at)
}

function* skip({ type, end, isOpen }: Parent, at: number): Generator<Want, void, Came> {
  if (end === at) return
  const { isAll } = yield { bytes: end - at, isSkipped: true }
  if (!isAll && !isOpen) throw new MalformedMedia(`the file ends inside box '${printable(type)}'`, at)
}

function beyond(offset: number, sizeBytes: number): MalformedMedia {
  return new MalformedMedia(`media at byte ${offset} of a file of ${sizeBytes} bytes`, offset)
}
