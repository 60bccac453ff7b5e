import { demux, eventsOf } from './demux.js'
import { readFixture } from './fixtures.js'
import { AVCC, recording } from './footage.js'
import { cluster, simpleBlock, type TrackFields } from './mkv-builder.js'

export const VIDEO_CODECS = ['H.264', 'H.265'] as const
export const SOUND_CODECS = ['none', 'AAC', 'A-law', 'mu-law'] as const
export type VideoCodec = (typeof VIDEO_CODECS)[number]
export type SoundCodec = (typeof SOUND_CODECS)[number]

export interface PairedOptions {
  readonly video: VideoCodec
  readonly sound: SoundCodec
  readonly hasBFrames: boolean
  /** Of 100 ms each: three frames at 30 a second. */
  readonly fragments: number
  /** Milliseconds missing before the fragment with that number. */
  readonly gaps: ReadonlyMap<number, number>
}

export interface SourceBlock {
  /** From the start of the footage. */
  readonly timeMs: number
  readonly payload: Uint8Array
}

export interface PairedFootage {
  readonly document: Uint8Array
  /** In decoding order. */
  readonly video: readonly SourceBlock[]
  readonly sound: readonly SourceBlock[]
}

/** A recording of any pair of codecs, in which all blocks differ. */
export function recordPair({ video, sound, hasBFrames, fragments, gaps }: PairedOptions): PairedFootage {
  const all: { video: SourceBlock[]; sound: SourceBlock[] } = { video: [], sound: [] }
  const clusters: Uint8Array[] = []
  let baseMs = 0
  let stretchMs = 0
  for (let fragment = 0; fragment < fragments; fragment += 1) {
    const gapMs = gaps.get(fragment) ?? 0
    baseMs += gapMs
    if (gapMs > 0) stretchMs = baseMs
    const frames = (hasBFrames ? [0, 67, 33] : [0, 33, 67]).map((atMs, number) => ({
      timeMs: baseMs + atMs,
      payload: picture(video, { isKey: number === 0, name: fragment * 3 + number }),
    }))
    const blocks = soundBetween(sound, { stretchMs, fromMs: baseMs, toMs: baseMs + 100 })
    clusters.push(toCluster(baseMs, frames, blocks))
    all.video.push(...frames)
    all.sound.push(...blocks)
    baseMs += 100
  }
  const tracks = sound === 'none' ? [pictureTrack(video)] : [pictureTrack(video), soundTrack(sound)]
  return { document: recording(clusters, tracks), ...all }
}

function toCluster(baseMs: number, frames: readonly SourceBlock[], blocks: readonly SourceBlock[]): Uint8Array {
  const pictures = frames.map(({ timeMs, payload }, number) =>
    simpleBlock({ track: 1, time: timeMs - baseMs, isKey: number === 0, payload }),
  )
  return cluster(baseMs, [
    ...pictures,
    ...blocks.map(({ timeMs, payload }) => simpleBlock({ track: 2, time: timeMs - baseMs, isKey: true, payload })),
  ])
}

function soundBetween(
  sound: SoundCodec,
  { stretchMs, fromMs, toMs }: { readonly stretchMs: number; readonly fromMs: number; readonly toMs: number },
): SourceBlock[] {
  if (sound === 'none') return []
  const blockMs = sound === 'AAC' ? 1024 / 48 : 20
  const blocks: SourceBlock[] = []
  for (let number = Math.ceil((fromMs - stretchMs) / blockMs); stretchMs + number * blockMs < toMs; number += 1) {
    const timeMs = stretchMs + Math.round(number * blockMs)
    if (timeMs < fromMs || timeMs >= toMs) continue
    blocks.push({ timeMs, payload: noise(timeMs, sound === 'AAC' ? 9 + (number % 3) : 160) })
  }
  return blocks
}

function picture(codec: VideoCodec, { isKey, name }: { readonly isKey: boolean; readonly name: number }): Uint8Array {
  const bytes = new Uint8Array(20 + (name % 7)).fill(0x5a)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, bytes.byteLength - 4)
  // The header of the NAL unit: an IDR picture or another picture.
  view.setUint16(4, codec === 'H.264' ? (isKey ? 0x6588 : 0x4188) : isKey ? 0x2601 : 0x0201)
  view.setUint32(8, name)
  return bytes
}

function noise(name: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (name * 31 + index * 7 + (name >> 3)) & 0xff)
}

function pictureTrack(codec: VideoCodec): TrackFields {
  const video = { width: 64, height: 48 }
  return codec === 'H.264'
    ? { number: 1, codecPrivate: AVCC, video }
    : { number: 1, codecId: 'V_MPEGH/ISO/HEVC', codecPrivate: hevcConfiguration(), video }
}

function hevcConfiguration(): Uint8Array {
  const [tracks] = eventsOf(demux(readFixture('hevc-aac.mkv')), 'tracks')
  const found = tracks?.tracks.find(({ codecId }) => codecId === 'V_MPEGH/ISO/HEVC')?.codecPrivate
  if (!found) throw new Error('the fixture has H.265')
  return found
}

function soundTrack(codec: Exclude<SoundCodec, 'none'>): TrackFields {
  if (codec === 'AAC') {
    const codecPrivate = Uint8Array.of(0x11, 0x88)
    return { number: 2, type: 2, codecId: 'A_AAC', codecPrivate, audio: { sampleRate: 48_000, channels: 1 } }
  }
  const codecPrivate = new Uint8Array(18)
  const waveFormat = new DataView(codecPrivate.buffer)
  waveFormat.setUint16(0, codec === 'A-law' ? 6 : 7, true)
  waveFormat.setUint16(2, 1, true)
  waveFormat.setUint32(4, 8000, true)
  waveFormat.setUint32(8, 8000, true)
  waveFormat.setUint16(12, 1, true)
  waveFormat.setUint16(14, 8, true)
  return { number: 2, type: 2, codecId: 'A_MS/ACM', codecPrivate, audio: { sampleRate: 8000, channels: 1 } }
}
