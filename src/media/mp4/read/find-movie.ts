import { MalformedMedia } from '../../malformed-media.js'
import { BoxView, NotUnderstood, printable } from './box-view.js'

/** Bytes of the file, [start, end). */
export interface FileRange {
  readonly start: number
  readonly end: number
}

/** The tables and the media of an MP4. */
export interface FoundMovie {
  /** The payload of `moov`. */
  readonly moov: BoxView
  /** The payloads of the `mdat` boxes up to there; at least one. */
  readonly mdats: readonly FileRange[]
  /** Offset of the next box, if there is one. */
  readonly nextAt: number
}

/** A GetClip response has at most 200 fragments. Its tables are much smaller, even with a row for each sample of one byte. */
export const MAX_MOOV_BYTES = 32 * 1024 * 1024

const MAX_TOP_LEVEL_BOXES = 256
const SKIPPED: ReadonlySet<string> = new Set(['ftyp', 'free', 'skip', 'wide', 'uuid', 'pdin', 'udta', 'meta'])

/**
 * Finds `moov` and the first `mdat`, in either order, in a file that may still be arriving. Yields the range of bytes that it needs next
 * and is resumed with them, or with fewer at the end of the file. If `moov` comes first, it requests nothing after the header of `mdat`: a
 * head can be read before any media has arrived.
 */
export function* findMovie(): Generator<FileRange, FoundMovie, Uint8Array> {
  const mdats: FileRange[] = []
  let moov: BoxView | null = null
  let at = 0
  for (let boxes = 0; boxes < MAX_TOP_LEVEL_BOXES; boxes += 1) {
    const header = yield* readSizedHeader(at)
    if (header === null) throw new MalformedMedia('the file ends before moov and mdat', at)
    const range = { start: header.start, end: header.end }
    if (header.type === 'moov') moov = yield* readMoov(range, moov)
    else if (header.type === 'mdat') mdats.push(range)
    else if (!SKIPPED.has(header.type)) throw new NotUnderstood(`there is a box '${printable(header.type)}' next to moov and mdat`)
    at = range.end
    if (moov !== null && mdats.length > 0) return { moov, mdats, nextAt: at }
  }
  throw new NotUnderstood(`more than ${MAX_TOP_LEVEL_BOXES} boxes before moov and mdat`)
}

/** The payloads of all `mdat` boxes from `from` to the end of the file. Other boxes are skipped. */
export function* findLaterMdats(from: number): Generator<FileRange, FileRange[], Uint8Array> {
  const mdats: FileRange[] = []
  let at = from
  for (let boxes = 0; boxes < MAX_TOP_LEVEL_BOXES; boxes += 1) {
    const header = yield* readSizedHeader(at)
    if (header === null) return mdats
    if (header.type === 'mdat') mdats.push({ start: header.start, end: header.end })
    at = header.end
  }
  throw new NotUnderstood(`more than ${MAX_TOP_LEVEL_BOXES} boxes after moov and mdat`)
}

interface BoxHeader {
  readonly type: string
  /** Where its payload begins. */
  readonly start: number
  /** Where it ends: Infinity if it extends to the end of the file. */
  readonly end: number
}

/**
 * Reads the header of the box at this offset; null at the end of the file. A large size (ISO/IEC 14496-12, 4.2) is requested only if there is
 * one, because media may arrive much later.
 */
export function* readBoxHeader(at: number): Generator<FileRange, BoxHeader | null, Uint8Array> {
  const bytes = yield { start: at, end: at + 8 }
  if (bytes.byteLength < 8) return null
  const view = new BoxView('file', bytes, at)
  const size = view.u32(0)
  const type = view.fourCC(4)
  if (at === 0 && type !== 'ftyp') throw new MalformedMedia(`an MP4 starts with ftyp, this file with '${printable(type)}'`, 0)
  if (size === 0) return { type, start: at + 8, end: Number.POSITIVE_INFINITY }
  const headerBytes = size === 1 ? 16 : 8
  const boxBytes = size === 1 ? new BoxView('file', yield { start: at + 8, end: at + 16 }, at + 8).u64(0) : size
  if (boxBytes < headerBytes || !Number.isSafeInteger(at + boxBytes))
    throw new MalformedMedia(`box '${printable(type)}' has a size of ${boxBytes} bytes`, at)
  return { type, start: at + headerBytes, end: at + boxBytes }
}

/** A box of known size; null at the end of the file. */
function* readSizedHeader(at: number): Generator<FileRange, BoxHeader | null, Uint8Array> {
  const header = yield* readBoxHeader(at)
  if (header?.end === Number.POSITIVE_INFINITY) throw new NotUnderstood(`box '${printable(header.type)}' has no size`)
  return header
}

function* readMoov(range: FileRange, earlier: BoxView | null): Generator<FileRange, BoxView, Uint8Array> {
  const length = range.end - range.start
  if (earlier !== null) throw new MalformedMedia('there are two moov boxes', range.start)
  if (length > MAX_MOOV_BYTES) throw new NotUnderstood(`moov has ${length} bytes`)
  const bytes = yield range
  if (bytes.byteLength < length) throw new MalformedMedia('the file ends inside moov', range.start + bytes.byteLength)
  return new BoxView('moov', bytes, range.start)
}
