import { createHash } from 'node:crypto'
import type { FragmentPictures } from '../../src/delivery/verify/fragment-pictures.js'
import { box } from '../../src/media/box.js'
import { esds } from '../../src/media/codec/aac.js'
import { audioSampleEntry, visualSampleEntry } from '../../src/media/codec/sample-entry.js'
import { leastBlockBytes } from '../../src/media/matroska/block.js'
import type { JoinPart } from '../../src/media/mp4/edit/join.js'
import type { PartClock } from '../../src/media/mp4/edit/part-timing.js'
import type { Chunks, Movie, MovieTrack, Runs } from '../../src/media/mp4/movie.js'
import type { SlicedFile } from '../../src/media/mp4/slices.js'
import { narrow } from '../../src/media/mp4/tables/columns.js'
import { sortTimes } from '../../src/media/mp4/tables/presentation.js'
import { runOf, toRuns } from '../../src/media/mp4/tables/runs.js'
import { layOutNow, readWhole } from './mp4-movies.js'

/** A frame of an imaginary camera, in decoding order. */
export interface Frame {
  readonly timeMs: number
  readonly isKey: boolean
  readonly payload: Uint8Array
}

export type SoundCodec = 'aac' | 'alaw'

/** Fragments as a producer would send them: each begins with a key frame. */
export interface RecordedFragment {
  /** Producer timestamp of its first block. */
  readonly startMs: number
  readonly video: readonly Frame[]
  readonly sound: readonly Frame[]
}

const AVCC = '0164000dffe1001a6764000dacd941419f9f0110000003001000000303c0f142996001000468efbcb0fdf8f800'

const hex = (digits: string) => Uint8Array.from(Buffer.from(digits, 'hex'))

export const videoEntry = visualSampleEntry('avc1', { width: 320, height: 180 }, box('avcC', hex(AVCC)))

export const soundEntry = (codec: SoundCodec) => SOUND_ENTRIES[codec]

const SOUND_ENTRIES: Record<SoundCodec, Uint8Array> = {
  aac: audioSampleEntry('mp4a', { sampleRate: 48_000, channels: 1 }, esds(hex('1188'))),
  alaw: audioSampleEntry('alaw', { sampleRate: 8000, channels: 1 }),
}

export interface RecordingOptions {
  readonly fragments: number
  readonly framesPerFragment?: number
  /** Frames a second. Times are rounded to the millisecond, as Matroska does. */
  readonly rate?: number
  /** Presentation order of each group of four: I/P, b, B, b. */
  readonly hasBFrames?: boolean
  readonly sound?: SoundCodec | null
  /** Milliseconds missing before the fragment with that number. */
  readonly gaps?: ReadonlyMap<number, number>
  readonly startMs?: number
  /** Two of three fragments begin with sound that was muxed just before their key frame. Their timestamp is that of the sound. */
  readonly soundFirst?: boolean
}

/** A recording whose payloads all differ. Sound is continuous, and each block belongs to the fragment in whose time it begins. */
export function record({
  fragments,
  framesPerFragment = 12,
  rate = 30,
  hasBFrames = false,
  sound = null,
  gaps,
  startMs = 1_700_000_000_000,
  soundFirst = false,
}: RecordingOptions): RecordedFragment[] {
  const recorded: RecordedFragment[] = []
  let gapMs = 0
  const blockMs = sound === 'aac' ? 1024 / 48 : 20
  let block = 0
  for (let fragment = 0; fragment < fragments; fragment += 1) {
    gapMs += gaps?.get(fragment) ?? 0
    const base = startMs + gapMs
    const timeOf = (frame: number) => base + Math.round((frame * 1000) / rate)
    const first = fragment * framesPerFragment
    const shownOrder = hasBFrames ? reorder(framesPerFragment) : Array.from({ length: framesPerFragment }, (_, index) => index)
    const video = shownOrder.map((index) => ({
      timeMs: timeOf(first + index),
      isKey: index === 0,
      payload: payload(`v${first + index}`, 20 + (index % 7)),
    }))
    const endMs = timeOf(first + framesPerFragment)
    const blocks: Frame[] = []
    if (sound !== null && gaps?.has(fragment)) block = Math.ceil((timeOf(first) - base) / blockMs)
    while (sound !== null && base + block * blockMs < endMs) {
      blocks.push({
        timeMs: Math.round(base + block * blockMs),
        isKey: true,
        payload: payload(`a${block}`, sound === 'aac' ? 9 + (block % 3) : 160),
      })
      block += 1
    }
    recorded.push({ startMs: timeOf(first), video, sound: blocks })
  }
  return soundFirst ? recorded.map((fragment, index) => withEarlierSound(fragment, recorded, index)) : recorded
}

function withEarlierSound(fragment: RecordedFragment, all: readonly RecordedFragment[], index: number): RecordedFragment {
  const leads = (number: number) => number > 0 && number % 3 !== 0
  const moved = leads(index) ? all[index - 1]?.sound.at(-1) : undefined
  const kept = leads(index + 1) && index + 1 < all.length ? fragment.sound.slice(0, -1) : fragment.sound
  if (moved === undefined) return { ...fragment, sound: kept }
  return { ...fragment, startMs: moved.timeMs, sound: [moved, ...kept] }
}

/** 0, 4, 2, 1, 3, 8, 6, 5, 7 … */
function reorder(count: number): number[] {
  const order = [0]
  for (let first = 0; first + 1 < count; first += 4) {
    order.push(...[first + 4, first + 2, first + 1, first + 3].filter((index) => index < count))
  }
  return order
}

function payload(name: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  const digest = createHash('sha256').update(name).digest()
  for (let index = 0; index < length; index += 1) bytes[index] = (digest[index % 32] ?? 0) ^ index
  return bytes
}

/** A file in the form of GetClip: one MP4 of some fragments, zero at its first frame, with unreferenced bytes between the blocks. */
export function clipFile(fragments: readonly RecordedFragment[], sound: SoundCodec | null): Uint8Array {
  const { movie, media } = clipMovie(fragments, sound)
  return render(layOutNow(movie), [media])
}

export function clipMovie(fragments: readonly RecordedFragment[], sound: SoundCodec | null): { movie: Movie; media: Uint8Array } {
  const media: number[] = []
  const place = (frames: readonly Frame[]) =>
    frames.map((frame) => {
      media.push(0xa3, 0xa3)
      const offset = media.length
      media.push(...frame.payload)
      return offset
    })
  const placed = fragments.map((fragment) => ({ video: place(fragment.video), sound: place(fragment.sound) }))
  const video = fragments.flatMap((fragment) => fragment.video)
  const blocks = fragments.flatMap((fragment) => fragment.sound)
  const zeroMs = Math.min(...video.map(({ timeMs }) => timeMs), ...blocks.map(({ timeMs }) => timeMs))
  const tracks = [
    videoTrack(
      video,
      placed.flatMap((at) => at.video),
      zeroMs,
    ),
  ]
  if (sound !== null) tracks.push(soundTrackOf(sound, { blocks, offsets: placed.flatMap((at) => at.sound), zeroMs }))
  const movie = { startMs: null, tracks, spans: [{ source: 0, offset: 0, length: media.length, skipped: 0 }], tags: [] }
  return { movie, media: Uint8Array.from(media) }
}

function videoTrack(frames: readonly Frame[], offsets: readonly number[], zeroMs: number): MovieTrack {
  const shown = Float64Array.from(frames, ({ timeMs }) => timeMs - zeroMs)
  const decoded = sortTimes(shown)
  const shift = shown.reduce((most, time, index) => Math.max(most, (decoded[index] ?? 0) - time), 0)
  // The duration of the last frame is an estimate of the muxer: that of the previous frame.
  const durations = Array.from(decoded, (time, index) => (decoded[index + 1] ?? time + (time - (decoded[index - 1] ?? time - 33))) - time)
  const total = durations.reduce((sum, duration) => sum + duration, 0)
  const first = decoded[0] ?? 0
  return {
    kind: 'video',
    timescale: 1000,
    sampleEntry: videoEntry,
    width: 320,
    height: 180,
    matrix: null,
    samples: {
      count: frames.length,
      durations: toRuns(durations),
      compositionOffsets: shift === 0 ? null : toRuns(shown.map((time, index) => time + shift - (decoded[index] ?? 0))),
    },
    pieces: [
      {
        count: frames.length,
        sizes: Uint32Array.from(frames, (frame) => frame.payload.byteLength),
        keys: Uint32Array.from(frames.flatMap((frame, index) => (frame.isKey ? [index] : []))),
        chunks: chunkEach(offsets, 1),
      },
    ],
    edits: [...(first > 0 ? [{ durationMs: first, mediaTime: -1 }] : []), { durationMs: total, mediaTime: shift }],
  }
}

function soundTrackOf(
  codec: SoundCodec,
  { blocks, offsets, zeroMs }: { blocks: readonly Frame[]; offsets: readonly number[]; zeroMs: number },
): MovieTrack {
  const timescale = codec === 'aac' ? 48_000 : 8000
  const samplesInBlock = codec === 'aac' ? 1 : 160
  const startMs = (blocks[0]?.timeMs ?? zeroMs) - zeroMs
  return {
    kind: 'audio',
    timescale,
    sampleEntry: SOUND_ENTRIES[codec],
    width: 0,
    height: 0,
    matrix: null,
    samples: { count: blocks.length * samplesInBlock, durations: soundDurations(blocks, codec), compositionOffsets: null },
    pieces: [
      {
        count: blocks.length * samplesInBlock,
        sizes: codec === 'aac' ? Uint32Array.from(blocks, (block) => block.payload.byteLength) : 1,
        keys: null,
        chunks: chunkEach(offsets, samplesInBlock),
      },
    ],
    edits:
      startMs > 0
        ? [
            { durationMs: startMs, mediaTime: -1 },
            { durationMs: soundMs(blocks, codec), mediaTime: 0 },
          ]
        : [],
  }
}

/** An even clock that is reset when the recording drifts from it by more than 2 ms. */
function soundDurations(blocks: readonly Frame[], codec: SoundCodec): Runs {
  const [perMs, ticks, samples] = codec === 'aac' ? [48, 1024, 1] : [8, 1, 160]
  const counts: number[] = []
  const values: number[] = []
  let clock = (blocks[0]?.timeMs ?? 0) * perMs
  blocks.forEach((_, index) => {
    const end = clock + ticks * samples
    const next = (blocks[index + 1]?.timeMs ?? end / perMs) * perMs
    const stretch = Math.abs(next - end) > 2 * perMs ? next - end : 0
    counts.push(samples - 1, 1)
    values.push(ticks, ticks + stretch)
    clock = end + stretch
  })
  if (values.every((value) => value === ticks)) return runOf(blocks.length * samples, ticks)
  return { counts: narrow(counts), values: narrow(values) }
}

function soundMs(blocks: readonly Frame[], codec: SoundCodec): number {
  const first = blocks[0]?.timeMs ?? 0
  return Math.round((blocks.at(-1)?.timeMs ?? 0) - first + (codec === 'aac' ? 1024 / 48 : 20))
}

function chunkEach(offsets: readonly number[], samplesInChunk: number): Chunks {
  return { count: offsets.length, spans: 0, offsets: Float64Array.from(offsets), sampleCounts: samplesInChunk }
}

/** The part as the gateway would have it, and the file that contains it. */
export function toPart(
  fragments: readonly RecordedFragment[],
  sound: SoundCodec | null,
  source: number,
): { part: JoinPart; file: Uint8Array } {
  const file = clipFile(fragments, sound)
  const parsed = readWhole(file, source)
  if (!parsed.understood) throw new Error(parsed.reason)
  return { part: { movie: parsed.movie, clock: clockOf(fragments) }, file }
}

const blockBytesOf = (frames: readonly Frame[]) => frames.reduce((sum, { payload: { byteLength } }) => sum + leastBlockBytes(byteLength), 0)

/** Its size in Matroska, as ListFragments reports it. */
export function listedBytesOf({ video, sound }: RecordedFragment, extraBytes = 30): number {
  return extraBytes + blockBytesOf([...video, ...sound])
}

/** What its Matroska reports about its pictures. */
export function picturesOf({ startMs, video, sound }: RecordedFragment): FragmentPictures {
  return {
    frames: video.length + sound.length,
    blockBytes: blockBytesOf([...video, ...sound]),
    timesMs: video.map(({ timeMs }) => timeMs - startMs),
    sizes: video.map(({ payload: { byteLength } }) => byteLength),
    keys: video.flatMap(({ isKey }, index) => (isKey ? [index] : [])),
    openKeys: [],
  }
}

/** When the first and the last picture in decoding order are shown, by the producer's clock. */
export function clockOf(fragments: readonly RecordedFragment[]): PartClock | null {
  const [first, last] = [fragments[0]?.video[0], fragments.at(-1)?.video.at(-1)]
  return first && last ? { firstSampleMs: first.timeMs, lastSampleMs: last.timeMs } : null
}

/** The bytes of a sliced file. */
export function render(file: SlicedFile, sources: readonly Uint8Array[]): Uint8Array {
  const pieces = file.slices.map((slice) =>
    slice.kind === 'bytes' ? slice.bytes : (sources[slice.source] ?? new Uint8Array(0)).subarray(slice.offset, slice.offset + slice.length),
  )
  return new Uint8Array(Buffer.concat(pieces))
}
