import { at } from '../../lib/at.js'
import { byteAt } from '../bytes.js'
import type { FrameFindings, FrameSink, InvalidFrame } from '../matroska/events.js'
import type { MatroskaTrack } from '../matroska/track.js'
import { parseCodecPrivate } from './codec-private.js'
import { RecoveryPointSearch } from './recovery-point-search.js'

/**
 * Zero bytes after the last NAL unit: trailing_zero_8bits (H.264, Annex B) that remain when a producer replaces start codes with lengths.
 * Decoders skip them.
 */
const MAX_TRAILING_ZEROS = 3
/** nal_unit_type of H.264 (Table 7-1). Types 1 to 4 are slices of pictures that are not IDR pictures. */
const FIRST_SLICE = 1
const IDR_SLICE = 5
const SEI = 6

/**
 * Checks that each frame of H.264 and H.265 consists of length-prefixed NAL units that fill it exactly. It finds frames with start codes,
 * and lengths that extend past their frame. In H.264 it also finds the I-frames of open GOPs, which the container does not distinguish from
 * IDR pictures. Audio, and tracks with an invalid CodecPrivate, are not checked.
 *
 * Use it as the sink of the demuxer: `new MatroskaDemuxer({ frameSink: (tracks) => new FrameCheck(tracks) })`.
 */
export class FrameCheck implements FrameSink {
  readonly #lengthSizes: ReadonlyMap<number, number>
  readonly #h264: ReadonlySet<number>
  readonly #recoveryPoint = new RecoveryPointSearch()
  #openGops: number[] = []
  /** Frames of the Cluster before the current block, and up to its end. */
  #firstRow = 0
  #rows = 0
  /** State of the frame up to its first slice; null after it, and for codecs other than H.264. */
  #picture: { hasRecoveryPoint: boolean } | null = null
  #isSei = false
  #isUnitStart = false
  #invalid: InvalidFrame | null = null
  #track = 0
  /** Octets of a length prefix in the current block; 0 if the block is not checked. */
  #lengthSize = 0
  #frameSizes: readonly number[] = []
  #frame = 0
  #frameLeft = 0
  #unitLeft = 0
  #length = 0
  #lengthOctets = 0
  /** Zero bytes since the last NAL unit of the frame; null before its first unit. */
  #zeros: number | null = null

  constructor(tracks: readonly MatroskaTrack[]) {
    this.#lengthSizes = new Map(tracks.flatMap((track) => lengthSizeOf(track)))
    this.#h264 = new Set(tracks.flatMap(({ number, codecId }) => (codecId === 'V_MPEG4/ISO/AVC' ? [number] : [])))
  }

  beginBlock(track: number, frameSizes: readonly number[]): void {
    this.#firstRow = this.#rows
    this.#rows += frameSizes.length
    this.#lengthSize = this.#invalid ? 0 : (this.#lengthSizes.get(track) ?? 0)
    if (this.#lengthSize === 0) return
    this.#track = track
    this.#frameSizes = frameSizes
    this.#beginFrame(0)
  }

  payload(bytes: Uint8Array, start: number, end: number): void {
    let next = start
    while (next < end && this.#lengthSize !== 0) {
      if (this.#unitLeft > 0) next += this.#readUnit(bytes, next, end)
      else {
        this.#readLengthOctet(byteAt(bytes, next))
        next += 1
      }
      if (this.#frameLeft === 0) this.#endFrame()
    }
  }

  get openGops(): readonly number[] {
    return this.#openGops
  }

  endCluster(): FrameFindings {
    const findings = { invalid: this.#invalid, openGops: this.#openGops }
    this.#invalid = null
    this.#openGops = []
    this.#rows = 0
    return findings
  }

  #beginFrame(frame: number): void {
    this.#frame = frame
    this.#frameLeft = at(this.#frameSizes, frame)
    this.#unitLeft = 0
    this.#length = 0
    this.#lengthOctets = 0
    this.#zeros = null
    this.#picture = this.#h264.has(this.#track) ? { hasRecoveryPoint: false } : null
    if (this.#frameLeft === 0) this.#refuse('a frame without content')
  }

  #readUnit(bytes: Uint8Array, start: number, end: number): number {
    const count = Math.min(this.#unitLeft, this.#isUnitStart ? 1 : end - start)
    this.#unitLeft -= count
    this.#frameLeft -= count
    if (this.#isUnitStart) this.#readUnitHeader(byteAt(bytes, start))
    else if (this.#isSei && this.#picture && this.#recoveryPoint.find(bytes, start, start + count)) this.#picture.hasRecoveryPoint = true
    return count
  }

  #readLengthOctet(octet: number): void {
    this.#length = this.#length * 256 + octet
    this.#lengthOctets += 1
    this.#frameLeft -= 1
    if (this.#zeros !== null && octet === 0) this.#zeros += 1
    if (this.#lengthOctets < this.#lengthSize) return
    const length = this.#length
    if (length === 0 && !this.#mayBeTrailing(this.#frameLeft)) this.#refuse('a NAL unit of length 0')
    else if (length > this.#frameLeft) this.#refuse(`a NAL unit of ${length} bytes where its frame has ${this.#frameLeft} left`)
    this.#unitLeft = length
    this.#isUnitStart = true
    this.#length = 0
    this.#lengthOctets = 0
    if (length > 0) this.#zeros = 0
  }

  #readUnitHeader(octet: number): void {
    this.#isUnitStart = false
    this.#isSei = false
    if (this.#picture === null) return
    const type = octet & 0x1f
    if (type === SEI) {
      this.#isSei = true
      this.#recoveryPoint.begin()
    }
    if (type < FIRST_SLICE || type > IDR_SLICE) return
    if (type !== IDR_SLICE && this.#picture.hasRecoveryPoint) this.#openGops.push(this.#firstRow + this.#frame)
    this.#picture = null
  }

  #endFrame(): void {
    if (this.#lengthSize === 0) return
    if (this.#lengthOctets > 0 && !(this.#length === 0 && this.#mayBeTrailing(0)))
      this.#refuse('a frame that ends inside the length of a NAL unit')
    else if (this.#frame + 1 < this.#frameSizes.length) this.#beginFrame(this.#frame + 1)
    else this.#lengthSize = 0
  }

  /** Whether the zero bytes so far, and `left` more, can be trailing zeros. */
  #mayBeTrailing(left: number): boolean {
    return this.#zeros !== null && this.#zeros + left <= MAX_TRAILING_ZEROS
  }

  /** Reports the first invalid frame of a Cluster. The rest of the Cluster is not checked. */
  #refuse(reason: string): void {
    this.#invalid = { track: this.#track, reason }
    this.#lengthSize = 0
  }
}

function lengthSizeOf(track: MatroskaTrack): [number, number][] {
  const outcome = parseCodecPrivate(track)
  return outcome.state === 'ready' && outcome.config.kind === 'video' ? [[track.number, outcome.config.lengthSize]] : []
}
