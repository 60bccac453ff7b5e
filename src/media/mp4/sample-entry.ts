import { box, concat, fixed16x16, fullBox, u8, u16, u24, u32, zeros } from './box.js'

/** `avc1`, `hvc1` and their kin (ISO/IEC 14496-12, 12.1.3): `configuration` is the `avcC` or `hvcC` box, and what else belongs to the picture. */
export function visualSampleEntry(
  type: string,
  { width, height, configuration }: { width: number; height: number; configuration: readonly Uint8Array[] },
): Uint8Array {
  const resolution72dpi = fixed16x16(72)
  return box(
    type,
    zeros(6),
    u16(1), // data_reference_index
    zeros(16),
    u16(width, height),
    resolution72dpi,
    resolution72dpi,
    zeros(4),
    u16(1), // frame_count
    zeros(32), // compressorname
    u16(0x18, 0xffff),
    ...configuration,
  )
}

/** `mp4a`, `alaw`, `ulaw` (12.2.3, version 0). A rate that 16 bits do not hold is written as 0; the configuration states it. */
export function audioSampleEntry(
  type: string,
  { channels, sampleRate, configuration }: { channels: number; sampleRate: number; configuration: readonly Uint8Array[] },
): Uint8Array {
  const rate = sampleRate > 0xffff ? 0 : sampleRate
  return box(type, zeros(6), u16(1), zeros(8), u16(channels, 16), zeros(4), fixed16x16(rate), ...configuration)
}

/** `esds` for AAC (ISO/IEC 14496-14, 5.6): bit rates are left at 0, unknown, so that equal configurations are equal bytes. */
export function esds(audioSpecificConfig: Uint8Array): Uint8Array {
  const decoderSpecificInfo = descriptor(0x05, audioSpecificConfig)
  const audioIso14496 = u8(0x40)
  const audioStream = u8(0x15)
  const decoderConfig = descriptor(0x04, concat([audioIso14496, audioStream, u24(0), u32(0, 0), decoderSpecificInfo]))
  const slConfig = descriptor(0x06, u8(2))
  return fullBox('esds', 0, 0, descriptor(0x03, concat([u16(0), u8(0), decoderConfig, slConfig])))
}

/** Tag, and a length of as many 7-bit groups as it takes (ISO/IEC 14496-1, 8.3.3). */
function descriptor(tag: number, payload: Uint8Array): Uint8Array {
  const groups = [payload.byteLength & 0x7f]
  for (let rest = payload.byteLength >>> 7; rest > 0; rest >>>= 7) groups.unshift((rest & 0x7f) | 0x80)
  return concat([u8(tag), u8(...groups), payload])
}
