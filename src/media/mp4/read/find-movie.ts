import { MalformedMedia } from '../../malformed-media.js'
import { BoxView, printable } from './box-view.js'
import { NotUnderstood } from './not-understood.js'

/** Bytes of the file, [start, end). */
export interface FileRange {
  readonly start: number
  readonly end: number
}

/** Where an MP4 keeps its tables and its media. */
export interface FoundMovie {
  /** The payload of `moov`. */
  readonly moov: BoxView
  /** The payloads of the `mdat` boxes that were passed on the way; at least one. */
  readonly mdats: readonly FileRange[]
  /** Where the next box begins, if there is one. */
  readonly nextAt: number
}

/** A GetClip answer has at most 200 fragments: even one-byte samples listed one by one stay far below this. */
export const MAX_MOOV_BYTES = 32 * 1024 * 1024

const MAX_TOP_LEVEL_BOXES = 256
const SKIPPED: ReadonlySet<string> = new Set(['ftyp', 'free', 'skip', 'wide', 'uuid', 'pdin', 'udta', 'meta'])

/**
 * Looks for `moov` and the first `mdat`, in either order, in a file that may still be arriving. It yields the range of bytes that it
 * wants to see next, and is given them; fewer bytes than asked for mean that the file ends there. With `moov` first it never asks for
 * anything beyond the header of `mdat`: a head that has come is read before a byte of media has.
 */
export function* findMovie(): Generator<FileRange, FoundMovie, Uint8Array> {
  const mdats: FileRange[] = []
  let moov: BoxView | null = null
  let at = 0
  for (let boxes = 0; boxes < MAX_TOP_LEVEL_BOXES; boxes += 1) {
    const header = yield* readHeader(at)
    if (header === null) throw new MalformedMedia('the file ends before moov and mdat', at)
    if (boxes === 0 && header.type !== 'ftyp') throw new MalformedMedia(`an MP4 begins with ftyp, this with '${printable(header.type)}'`, 0)
    const range = { start: at + header.headerBytes, end: at + header.boxBytes }
    if (header.type === 'moov') moov = yield* readMoov(range, moov)
    else if (header.type === 'mdat') mdats.push(range)
    else if (!SKIPPED.has(header.type)) throw new NotUnderstood(`there is a box '${printable(header.type)}' beside moov and mdat`)
    at = range.end
    if (moov !== null && mdats.length > 0) return { moov, mdats, nextAt: at }
  }
  throw new NotUnderstood(`more than ${MAX_TOP_LEVEL_BOXES} boxes before moov and mdat`)
}

/** The payloads of `mdat` from there to the end of the file. What else stands between them is none of a movie's business. */
export function* findLaterMdats(from: number): Generator<FileRange, FileRange[], Uint8Array> {
  const mdats: FileRange[] = []
  let at = from
  for (let boxes = 0; boxes < MAX_TOP_LEVEL_BOXES; boxes += 1) {
    const header = yield* readHeader(at)
    if (header === null) return mdats
    const { type, headerBytes, boxBytes } = header
    if (type === 'mdat') mdats.push({ start: at + headerBytes, end: at + boxBytes })
    at += boxBytes
  }
  throw new NotUnderstood(`more than ${MAX_TOP_LEVEL_BOXES} boxes behind moov and mdat`)
}

interface BoxHeader {
  readonly type: string
  readonly headerBytes: number
  readonly boxBytes: number
}

/** Null at the end of the file. The large size (ISO/IEC 14496-12, 4.2) is asked for only where there is one: media may be long in coming. */
function* readHeader(at: number): Generator<FileRange, BoxHeader | null, Uint8Array> {
  const bytes = yield { start: at, end: at + 8 }
  if (bytes.byteLength < 8) return null
  const view = new BoxView('file', bytes, at)
  const size = view.u32(0)
  const type = view.fourCC(4)
  if (size === 0) throw new NotUnderstood(`box '${printable(type)}' has no length`)
  const headerBytes = size === 1 ? 16 : 8
  const boxBytes = size === 1 ? new BoxView('file', yield { start: at + 8, end: at + 16 }, at + 8).u64(0) : size
  if (boxBytes < headerBytes || !Number.isSafeInteger(at + boxBytes))
    throw new MalformedMedia(`box '${printable(type)}' says it is ${boxBytes} bytes long`, at)
  return { type, headerBytes, boxBytes }
}

function* readMoov(range: FileRange, earlier: BoxView | null): Generator<FileRange, BoxView, Uint8Array> {
  const length = range.end - range.start
  if (earlier !== null) throw new MalformedMedia('there are two moov boxes', range.start)
  if (length > MAX_MOOV_BYTES) throw new NotUnderstood(`moov is ${length} bytes long`)
  const bytes = yield range
  if (bytes.byteLength < length) throw new MalformedMedia('the file ends inside moov', range.start + bytes.byteLength)
  return new BoxView('moov', bytes, range.start)
}
