import { MalformedMedia } from '../../malformed-media.js'
import { blockPrefixBytes, readBlockHead } from '../block.js'
import { type EbmlBytes, readElements } from '../ebml.js'
import { encodeElement, encodeUnsigned } from '../ebml-writer.js'
import { ELEMENT } from '../element-ids.js'

/** A SimpleBlock or BlockGroup, whole, which can be written into any Cluster. */
export interface RecutBlock {
  /** The element. The two bytes at `timeAt` are set when it is written. */
  readonly bytes: Uint8Array
  readonly timeAt: number
  readonly track: number
  /** In ticks of the TimestampScale, on the clock of the Segment. */
  readonly ticks: number
  readonly isKey: boolean
}

/** The block's bytes with its time counted from a Cluster's Timestamp, in the 16 bits that it has (RFC 9559, section 10.1). */
export function withRelativeTime({ bytes, timeAt, ticks }: RecutBlock, clusterTicks: number): Uint8Array {
  bytes.set(encodeUnsigned((ticks - clusterTicks + 0x10000) % 0x10000, 2), timeAt)
  return bytes
}

/** `data` is the whole element, whose id and size take `headerBytes`. @throws MalformedMedia */
export function parseSimpleBlock(data: EbmlBytes, headerBytes: number, clusterTicks: number): RecutBlock {
  const { track, relativeTicks, isKey, timeAt } = parseBody(data, headerBytes, data.bytes.byteLength)
  // Not `slice`: the chunks are Buffers, whose `slice` shares their memory.
  return { bytes: new Uint8Array(data.bytes), timeAt, track, ticks: clusterTicks + relativeTicks, isKey }
}

/**
 * A frame that refers to no other is a key frame. CRC-32 goes, because a new time makes another checksum; Void goes with it.
 *
 * @throws MalformedMedia
 */
export function parseBlockGroup(data: EbmlBytes, headerBytes: number, clusterTicks: number): RecutBlock {
  const { bytes, origin } = data
  const others: Uint8Array[] = []
  let block: Uint8Array | null = null
  let head: BlockBody | null = null
  let isKey = true
  let start = headerBytes
  for (const { id, start: dataStart, end } of readElements(data, headerBytes, bytes.byteLength)) {
    if (id === ELEMENT.Block) {
      if (block !== null) throw new MalformedMedia('a BlockGroup with two Blocks', origin + start)
      block = bytes.subarray(start, end)
      head = parseBody(data, dataStart, end)
      head = { ...head, timeAt: head.timeAt - start }
    } else if (id !== ELEMENT.CRC32 && id !== ELEMENT.Void) others.push(bytes.subarray(start, end))
    if (id === ELEMENT.ReferenceBlock) isKey = false
    start = end
  }
  if (block === null || head === null) throw new MalformedMedia('a BlockGroup without a Block', origin)
  // The Block stands first, as nearly all muxers write it: only then is its place known before its siblings are.
  const group = encodeElement(ELEMENT.BlockGroup, block, ...others)
  const before = group.byteLength - others.reduce((sum, { byteLength }) => sum + byteLength, block.byteLength)
  return { bytes: group, timeAt: before + head.timeAt, track: head.track, ticks: clusterTicks + head.relativeTicks, isKey }
}

interface BlockBody {
  readonly track: number
  readonly relativeTicks: number
  readonly isKey: boolean
  readonly timeAt: number
}

function parseBody({ bytes, origin }: EbmlBytes, at: number, end: number): BlockBody {
  const body = { bytes, at, size: end - at, offset: origin + at }
  if (body.size === 0) throw new MalformedMedia('a block without content', body.offset)
  const prefixBytes = blockPrefixBytes(body)
  const { track, relativeTicks, isKey } = readBlockHead(body, prefixBytes)
  return { track, relativeTicks, isKey, timeAt: at + prefixBytes - 3 }
}
