import { byteAt } from '../bytes.js'
import { MalformedMedia } from '../malformed-media.js'
import { readVint, vintLength } from './ebml.js'
import { sizeOctetsOf } from './ebml-writer.js'

/** The head of a SimpleBlock or Block (RFC 9559, section 10): everything before the first payload. */
export interface BlockHead {
  readonly track: number
  /** In ticks of the TimestampScale, from the Cluster's Timestamp. May be negative. */
  readonly relativeTicks: number
  /** Key frame flag of a SimpleBlock. Undefined for a Block. */
  readonly isKey: boolean
  readonly headBytes: number
  /** One entry per frame. A laced block has several. */
  readonly frameSizes: readonly number[]
}

/** The body of a block: `size` bytes from `at` on. `offset`: offset of `at` in the upload. */
export interface BlockBytes {
  readonly bytes: Uint8Array
  readonly at: number
  readonly size: number
  readonly offset: number
}

/** Limit for the sizes of laced frames, which are at most 255 small audio frames. */
export const MAX_LACING_BYTES = 4096

const XIPH = 1
const FIXED = 2

/** Length of TrackNumber, timestamp and flags, from their first byte. */
export function blockPrefixBytes({ bytes, at, size, offset }: BlockBytes): number {
  if (size === 0) throw new MalformedMedia('a block without content', offset)
  const length = vintLength(byteAt(bytes, at)) + 3
  if (length > 11 || length > size) throw new MalformedMedia('a block too short for its own header', offset)
  return length
}

export function isLaced(bytes: Uint8Array, at: number, prefixBytes: number): boolean {
  return (byteAt(bytes, at + prefixBytes - 1) & 0x06) !== 0
}

/** Requires the prefix and, for a laced block, its first MAX_LACING_BYTES (or all of it) to have arrived. */
export function readBlockHead(block: BlockBytes, prefixBytes: number): BlockHead {
  const { bytes, at, size, offset } = block
  const track = readVint(bytes, at, prefixBytes - 3)
  if (track > 255) throw new MalformedMedia(`a block of track ${track}: track numbers end at 255 here`, offset)
  const timeAt = at + prefixBytes - 3
  const unsigned = byteAt(bytes, timeAt) * 256 + byteAt(bytes, timeAt + 1)
  const flags = byteAt(bytes, timeAt + 2)
  const lacing = (flags >> 1) & 3
  const head = { track, relativeTicks: unsigned < 0x8000 ? unsigned : unsigned - 0x10000, isKey: (flags & 0x80) !== 0 }
  if (lacing === 0) return { ...head, headBytes: prefixBytes, frameSizes: [size - prefixBytes] }
  return { ...head, ...readLacing(block, prefixBytes, lacing) }
}

interface Lacing {
  readonly headBytes: number
  readonly frameSizes: number[]
}

function readLacing(block: BlockBytes, prefixBytes: number, lacing: number): Lacing {
  if (prefixBytes + 1 > block.size) throw new MalformedMedia('a laced block without its frame count', block.offset)
  const frames = byteAt(block.bytes, block.at + prefixBytes) + 1
  const reader = new LacingReader(block, prefixBytes + 1)
  if (lacing === FIXED) return readFixedLacing(block, prefixBytes + 1, frames)
  const frameSizes = lacing === XIPH ? readXiphSizes(reader, frames) : readEbmlSizes(reader, frames)
  const last = block.size - reader.read - frameSizes.reduce((total, size) => total + size, 0)
  if (last < 0) throw new MalformedMedia('laced frames that extend past their block', block.offset)
  frameSizes.push(last)
  return { headBytes: reader.read, frameSizes }
}

function readFixedLacing({ size, offset }: BlockBytes, headBytes: number, frames: number): Lacing {
  const each = (size - headBytes) / frames
  if (!Number.isInteger(each)) throw new MalformedMedia('frames of fixed lacing that do not fill their block', offset)
  return { headBytes, frameSizes: new Array<number>(frames).fill(each) }
}

/** Sizes of all frames except for the last, each a sequence of 255 and a smaller byte. */
function readXiphSizes(reader: LacingReader, frames: number): number[] {
  const sizes: number[] = []
  for (let index = 1; index < frames; index += 1) {
    let size = 0
    let byte = 255
    while (byte === 255) {
      byte = reader.byte()
      size += byte
    }
    sizes.push(size)
  }
  return sizes
}

/** The first size, then signed differences (RFC 9559, section 10.3.3). */
function readEbmlSizes(reader: LacingReader, frames: number): number[] {
  const sizes: number[] = []
  let size = 0
  for (let index = 1; index < frames; index += 1) {
    const { value, length } = reader.vint()
    size = index === 1 ? value : size + value - (2 ** (7 * length - 1) - 1)
    if (size < 0) throw new MalformedMedia('a laced frame of negative size', reader.offset)
    sizes.push(size)
  }
  return sizes
}

class LacingReader {
  constructor(
    readonly block: BlockBytes,
    public read: number,
  ) {}

  get offset(): number {
    return this.block.offset
  }

  byte(): number {
    this.#need(1)
    const byte = byteAt(this.block.bytes, this.block.at + this.read)
    this.read += 1
    return byte
  }

  vint(): { value: number; length: number } {
    this.#need(1)
    const at = this.block.at + this.read
    const length = vintLength(byteAt(this.block.bytes, at))
    if (length > 8) throw new MalformedMedia('a laced frame without a size', this.offset)
    this.#need(length)
    this.read += length
    return { value: readVint(this.block.bytes, at, length), length }
  }

  #need(count: number): void {
    if (this.read + count > Math.min(this.block.size, MAX_LACING_BYTES)) {
      throw new MalformedMedia('frame sizes that extend past their block', this.offset)
    }
  }
}

/** Smallest size of a frame in a Cluster: the ID, size, track number, time and flags of a SimpleBlock (RFC 9559, 10.2), and the frame. */
export function leastBlockBytes(frameBytes: number): number {
  const contentBytes = 4 + frameBytes
  return 1 + sizeOctetsOf(contentBytes) + contentBytes
}
