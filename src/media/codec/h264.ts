import { box } from '../mp4/box.js'
import { ByteCursor } from './byte-cursor.js'
import type { VideoConfig } from './codec-config.js'
import { refuseAnnexB, toHex } from './nal-units.js'
import { visualSampleEntry } from './sample-entry.js'

const RECORD = 'AVCDecoderConfigurationRecord'
const SPS = 7
const PPS = 8

/**
 * AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1).
 *
 * @throws MalformedMedia with the offset inside the record
 */
export function parseH264Config(codecPrivate: Uint8Array, size: { readonly width: number; readonly height: number }): VideoConfig {
  refuseAnnexB(codecPrivate, RECORD)
  const cursor = new ByteCursor(codecPrivate, RECORD)
  const version = cursor.u8()
  if (version !== 1) cursor.refuse(`${RECORD} must have version 1: got ${version}`)
  const profile = cursor.take(3)
  // Reserved bits are masked, not compared: captures of real streams hold 03 01 where the standard wants FF E1.
  const lengthSize = (cursor.u8() & 0x03) + 1
  if (lengthSize === 3) cursor.refuse('NAL lengths of 3 bytes')
  readParameterSets(cursor, cursor.u8() & 0x1f, SPS)
  readParameterSets(cursor, cursor.u8(), PPS)
  return {
    kind: 'video',
    codec: 'h264',
    rfc6381: `avc1.${toHex(profile)}`,
    sampleEntry: visualSampleEntry('avc1', size, box('avcC', withReservedBits(codecPrivate))),
    ...size,
    lengthSize,
  }
}

function readParameterSets(cursor: ByteCursor, count: number, nalType: number): void {
  if (count === 0) cursor.refuse(`${RECORD} has no ${nalType === SPS ? 'SPS' : 'PPS'}`)
  for (let index = 0; index < count; index += 1) {
    const nal = cursor.take(cursor.u16())
    const type = (nal[0] ?? 0) & 0x1f
    if (nal.byteLength < 2 || type !== nalType)
      cursor.refuse(`expected a NAL unit of type ${nalType}: got ${nal.byteLength} bytes of type ${type}`)
  }
}

/** What goes into the file says it as the standard does. */
function withReservedBits(codecPrivate: Uint8Array): Uint8Array {
  const record = Uint8Array.from(codecPrivate)
  record[4] = (record[4] ?? 0) | 0xfc
  record[5] = (record[5] ?? 0) | 0xe0
  return record
}
