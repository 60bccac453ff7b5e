import { box, fixed16x16 } from '../box.js'
import { u16, u32, zeros } from '../bytes.js'

const MAX_U16 = 0xffff
const RESERVED_AND_REFERENCE = [zeros(6), u16(1)] as const

/** VisualSampleEntry (ISO/IEC 14496-12, 12.1.3) with its configuration box. */
export function visualSampleEntry(type: string, size: { readonly width: number; readonly height: number }, config: Uint8Array): Uint8Array {
  return box(
    type,
    ...RESERVED_AND_REFERENCE,
    zeros(16),
    u16(Math.min(size.width, MAX_U16), Math.min(size.height, MAX_U16)),
    fixed16x16(72),
    fixed16x16(72),
    u32(0),
    u16(1),
    zeros(32),
    u16(0x18, MAX_U16),
    config,
  )
}

/** AudioSampleEntry (12.2.3). Rates above 16 bits are written as 0; the codec configuration and `mdhd` have them. */
export function audioSampleEntry(
  type: string,
  sound: { readonly sampleRate: number; readonly channels: number },
  ...config: readonly Uint8Array[]
): Uint8Array {
  return box(
    type,
    ...RESERVED_AND_REFERENCE,
    zeros(8),
    u16(sound.channels, 16, 0, 0),
    fixed16x16(sound.sampleRate > MAX_U16 ? 0 : sound.sampleRate),
    ...config,
  )
}
