import { fullBox } from '../box.js'
import { concat, u8, u24, u32, zeros } from '../bytes.js'
import { BitReader } from './bit-reader.js'
import type { AudioConfig } from './codec-config.js'
import { audioSampleEntry } from './sample-entry.js'

const SAMPLE_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]
/** Channels for each channelConfiguration (ISO/IEC 14496-3, table 1.19). Null: reserved. 0: a program config element defines them. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, null, null, null, 7, 8, 24, 8, null]
const SBR = 5
const PS = 29
/** Main, LC, SSR and LTP: the types of Matroska's A_AAC. */
const CORE_TYPES: ReadonlySet<number> = new Set([1, 2, 3, 4])

/**
 * Parses an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1). `fallbackChannels` applies if the configuration does not define the channels.
 * @throws MalformedMedia with the offset inside the record
 */
export function parseAacConfig(codecPrivate: Uint8Array, fallbackChannels: number): AudioConfig {
  const bits = new BitReader(codecPrivate, 'the AudioSpecificConfig')
  const objectType = readObjectType(bits)
  const sampleRate = readSampleRate(bits)
  const channelConfiguration = bits.u(4)
  const coreType = objectType === SBR || objectType === PS ? readExtendedCoreType(bits) : objectType
  if (!CORE_TYPES.has(coreType)) bits.refuse(`audio object type ${coreType} is not AAC Main, LC, SSR or LTP`)
  const channels = CHANNELS[channelConfiguration] ?? bits.refuse(`channel configuration ${channelConfiguration} is reserved`)
  const samplesPerFrame = bits.flag() ? 960 : 1024
  const sound = { sampleRate, channels: channels === 0 ? fallbackChannels : channels }
  return {
    kind: 'audio',
    codec: 'aac',
    rfc6381: `mp4a.40.${objectType}`,
    sampleEntry: audioSampleEntry('mp4a', sound, esds(codecPrivate)),
    ...sound,
    samplesPerFrame,
  }
}

function readObjectType(bits: BitReader): number {
  const type = bits.u(5)
  return type === 31 ? 32 + bits.u(6) : type
}

function readSampleRate(bits: BitReader): number {
  const index = bits.u(4)
  const rate = index === 15 ? bits.u(24) : (SAMPLE_RATES[index] ?? bits.refuse(`sampling frequency index ${index} is reserved`))
  return rate === 0 ? bits.refuse('a sampling frequency of 0') : rate
}

/** After SBR or PS: the sampling frequency of the extension, then the core type. */
function readExtendedCoreType(bits: BitReader): number {
  readSampleRate(bits)
  return readObjectType(bits)
}

/** ESDBox (ISO/IEC 14496-14, 6.7.2), with unknown bit rates and buffer sizes. */
export function esds(audioSpecificConfig: Uint8Array): Uint8Array {
  const decoderSpecificInfo = descriptor(0x05, audioSpecificConfig)
  // MPEG-4 audio, an audio stream, upStream 0, reserved 1.
  const decoderConfig = descriptor(0x04, u8(0x40, (0x05 << 2) | 1), u24(0), u32(0, 0), decoderSpecificInfo)
  // ES_ID 0 and no flags (14496-14, 3.1.2); the SLConfig predefined for MP4 files.
  return fullBox('esds', 0, 0, descriptor(0x03, zeros(3), decoderConfig, descriptor(0x06, u8(0x02))))
}

/** A descriptor with its size in groups of 7 bits (ISO/IEC 14496-1, 8.3.3). */
function descriptor(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const data = concat(parts)
  const groups = [data.byteLength & 0x7f]
  for (let rest = data.byteLength >>> 7; rest > 0; rest >>>= 7) groups.unshift((rest & 0x7f) | 0x80)
  return concat([u8(tag, ...groups), data])
}
