import { byteAt } from '../bytes.js'
import type { MatroskaVideo } from '../matroska/video-track.js'
import { type ByteCursor, openRecord } from './byte-cursor.js'
import type { VideoConfig } from './codec-config.js'
import { readH264Sps } from './h264-sps.js'
import { toHex, toVideoConfig } from './video-config.js'

const RECORD = 'AVCDecoderConfigurationRecord'
const SPS = 7
const PPS = 8

/** Parses an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1). @throws MalformedMedia with the offset inside the record */
export function parseH264Config(codecPrivate: Uint8Array, video: MatroskaVideo | null): VideoConfig {
  const { sps, ...record } = readAvcC(codecPrivate)
  const configuration = withReservedBits(codecPrivate)
  return toVideoConfig({ codec: 'h264', type: 'avc1', configuration, video, readSps: () => readH264Sps(sps), ...record })
}

interface AvcC {
  readonly rfc6381: string
  readonly lengthSize: number
  /** The first SPS. */
  readonly sps: Uint8Array
}

/** @throws MalformedMedia */
export function readAvcC(codecPrivate: Uint8Array): AvcC {
  const cursor = openRecord(codecPrivate, RECORD)
  const profile = cursor.take(3)
  // Reserved bits are ignored: captures of real streams have 03 01 instead of FF E1.
  const lengthSize = cursor.lengthSize()
  const sps = readParameterSets(cursor, cursor.u8() & 0x1f, SPS)
  readParameterSets(cursor, cursor.u8(), PPS)
  return { rfc6381: `avc1.${toHex(profile)}`, lengthSize, sps }
}

/** Returns the first of them. */
function readParameterSets(cursor: ByteCursor, count: number, nalType: number): Uint8Array {
  const [first] = Array.from({ length: count }, () => cursor.nalUnit(nalType, { typeAt: 0, mask: 0x1f }))
  return first ?? cursor.refuse(`${RECORD} has no ${nalType === SPS ? 'SPS' : 'PPS'}`)
}

/** Sets the reserved bits as the standard requires. */
function withReservedBits(codecPrivate: Uint8Array): Uint8Array {
  const record = Uint8Array.from(codecPrivate)
  record[4] = byteAt(record, 4) | 0xfc
  record[5] = byteAt(record, 5) | 0xe0
  return record
}
