import { MalformedMedia } from '../malformed-media.js'
import type { AudioConfig } from './codec-config.js'
import { audioSampleEntry } from './sample-entry.js'

/** Size of PCMWAVEFORMAT; cbSize may follow. */
const MIN_BYTES = 16
const MAX_CHANNELS = 8
const MAX_SAMPLE_RATE = 192_000
const CODECS: Readonly<Record<number, 'alaw' | 'ulaw'>> = { 6: 'alaw', 7: 'ulaw' }

/**
 * Parses the WAVEFORMATEX of `A_MS/ACM`, little-endian. Null if its tag is not G.711. Only tag, channels and rate are read: the AWS C
 * producer sets the bits per sample to 0 and a wrong number of bytes per second. @throws MalformedMedia with the offset inside the record
 */
export function parseG711Config(codecPrivate: Uint8Array): AudioConfig | null {
  if (codecPrivate.byteLength < MIN_BYTES) {
    throw new MalformedMedia(`WAVEFORMATEX must have at least ${MIN_BYTES} bytes: got ${codecPrivate.byteLength}`, 0)
  }
  const view = new DataView(codecPrivate.buffer, codecPrivate.byteOffset, codecPrivate.byteLength)
  const codec = CODECS[view.getUint16(0, true)]
  if (!codec) return null
  const channels = view.getUint16(2, true)
  if (channels < 1 || channels > MAX_CHANNELS) throw new MalformedMedia(`${channels} channels: expected 1 to ${MAX_CHANNELS}`, 2)
  const sampleRate = view.getUint32(4, true)
  if (sampleRate < 1 || sampleRate > MAX_SAMPLE_RATE) throw new MalformedMedia(`${sampleRate} Hz: expected 1 to ${MAX_SAMPLE_RATE}`, 4)
  const sound = { sampleRate, channels }
  return { kind: 'audio', codec, rfc6381: codec, sampleEntry: audioSampleEntry(codec, sound), ...sound, samplesPerFrame: 1 }
}
