import { MalformedMedia } from '../../malformed-media.js'
import { blockPrefixBytes, readBlockHead } from '../block.js'
import { type EbmlBytes, readElements } from '../ebml.js'
import { encodeElement, encodeUnsigned } from '../ebml-writer.js'
import { ELEMENT } from '../element-ids.js'

/** A whole SimpleBlock or BlockGroup, for any Cluster. */
export interface RecutBlock {
  /** The element. Its time, two bytes at `timeAt`, is set when it is written. */
  readonly bytes: Uint8Array
  readonly timeAt: number
  readonly track: number
  /** Time in ticks of the TimestampScale, from the start of the Segment. */
  readonly ticks: number
  readonly isKey: boolean
}

/** The bytes with the time relative to a Cluster's Timestamp, in 16 bits (RFC 9559, section 10.1). */
export function withRelativeTime({ bytes, timeAt, ticks }: RecutBlock, clusterTicks: number): Uint8Array {
  bytes.set(encodeUnsigned((ticks - clusterTicks + 0x10000) % 0x10000, 2), timeAt)
  return bytes
}

/** `data`: the whole element, with an ID and size of `headerBytes`. @throws MalformedMedia */
export function parseSimpleBlock(data: EbmlBytes, headerBytes: number, clusterTicks: number): RecutBlock {
  const { track, relativeTicks, isKey, timeAt } = parseBody(data, headerBytes, data.bytes.byteLength)
  // Not `slice`: the chunks are Buffers, whose `slice` shares their memory.
  return { bytes: new Uint8Array(data.bytes), timeAt, track, ticks: clusterTicks + relativeTicks, isKey }
}

/**
 * A frame without a ReferenceBlock is a key frame. CRC-32 and Void are removed: the new time invalidates the checksum.
 * @throws MalformedMedia
 */
export function parseBlockGroup(data: EbmlBytes, headerBytes: number, clusterTicks: number): RecutBlock {
  const { bytes, origin } = data
  const others: Uint8Array[] = []
  let block: Uint8Array | null = null
  let head: BlockBody | null = null
  let isKey = true
  let start = headerBytes
  for (const { id, start: dataStart, end } of readElements(data, { start: headerBytes, end: bytes.byteLength })) {
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
  // The Block comes first, as nearly all muxers write it, so that its offset does not depend on its siblings.
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
  const prefixBytes = blockPrefixBytes(body)
  const { track, relativeTicks, isKey } = readBlockHead(body, prefixBytes)
  return { track, relativeTicks, isKey, timeAt: at + prefixBytes - 3 }
}
