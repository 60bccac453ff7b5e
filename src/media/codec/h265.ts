import { byteAt } from '../bytes.js'
import type { MatroskaVideo } from '../matroska/video-track.js'
import { type ByteCursor, openRecord } from './byte-cursor.js'
import type { VideoConfig } from './codec-config.js'
import { readH265Sps } from './h265-sps.js'
import { toHex, toVideoConfig } from './video-config.js'

const RECORD = 'HEVCDecoderConfigurationRecord'
const VPS = 32
const SPS = 33
const PPS = 34
const LENGTH_SIZE_AT = 21

/**
 * Parses an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.2.1). It is written as `hvc1`, which Apple's players require, so it must
 * contain the parameter sets. @throws MalformedMedia with the offset inside the record
 */
export function parseH265Config(codecPrivate: Uint8Array, video: MatroskaVideo | null): VideoConfig {
  const { sps, arraysAt, ...record } = readHvcC(codecPrivate)
  const configuration = withCompleteArrays(codecPrivate, arraysAt)
  return toVideoConfig({ codec: 'h265', type: 'hvc1', configuration, video, readSps: () => readH265Sps(sps), ...record })
}

interface HvcC {
  readonly rfc6381: string
  readonly lengthSize: number
  /** The first SPS. */
  readonly sps: Uint8Array
  /** Offsets of the arrays of parameter sets. */
  readonly arraysAt: readonly number[]
}

/** @throws MalformedMedia */
export function readHvcC(codecPrivate: Uint8Array): HvcC {
  const cursor = openRecord(codecPrivate, RECORD)
  const general = cursor.take(12)
  cursor.take(LENGTH_SIZE_AT - 13)
  const lengthSize = cursor.lengthSize()
  return { rfc6381: `hvc1.${profileString(general)}`, lengthSize, ...readArrays(cursor) }
}

/** Requires a VPS, an SPS and a PPS. */
function readArrays(cursor: ByteCursor): Pick<HvcC, 'sps' | 'arraysAt'> {
  const found = new Map<number, Uint8Array>()
  const arraysAt: number[] = []
  for (let arrays = cursor.u8(); arrays > 0; arrays -= 1) {
    const at = cursor.at
    const nalType = cursor.u8() & 0x3f
    const units = Array.from({ length: cursor.u16() }, () => cursor.nalUnit(nalType, { typeAt: 1, mask: 0x3f }))
    if (nalType < VPS || nalType > PPS) continue
    arraysAt.push(at)
    if (units[0] !== undefined && !found.has(nalType)) found.set(nalType, units[0])
  }
  const sps = found.get(SPS)
  if (sps === undefined || found.size < 3) cursor.refuse(`${RECORD} lacks a VPS, SPS or PPS`)
  return { sps, arraysAt }
}

/** In `hvc1`, no parameter sets are in the frames: array_completeness must be 1 (8.4.1.1.2). Matroska has no such rule. */
function withCompleteArrays(codecPrivate: Uint8Array, arraysAt: readonly number[]): Uint8Array {
  const record = Uint8Array.from(codecPrivate)
  for (const at of arraysAt) record[at] = byteAt(record, at) | 0x80
  return record
}

/** ISO/IEC 14496-15, Annex E.3. `general`: the twelve bytes from general_profile_space on. */
function profileString(general: Uint8Array): string {
  const view = new DataView(general.buffer, general.byteOffset, general.byteLength)
  const first = view.getUint8(0)
  const space = ['', 'A', 'B', 'C'][first >> 6] ?? ''
  const tier = first & 0x20 ? 'H' : 'L'
  const compatibility = reverseBits(view.getUint32(1)).toString(16).toUpperCase()
  const constraints = Array.from(general.subarray(5, 11))
  while (constraints.at(-1) === 0) constraints.pop()
  const flags = constraints.map((byte) => `.${toHex(Uint8Array.of(byte))}`).join('')
  return `${space}${first & 0x1f}.${compatibility}.${tier}${view.getUint8(11)}${flags}`
}

function reverseBits(value: number): number {
  let reversed = 0
  for (let bit = 0; bit < 32; bit += 1) reversed = (reversed << 1) | ((value >>> bit) & 1)
  return reversed >>> 0
}
