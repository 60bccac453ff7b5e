// The boxes of `moov` that describe the movie and its tracks. Numbers in comments are clauses of ISO/IEC 14496-12.
import { box, fixed8x8, fixed16x16, fourCC, fullBox, nulTerminated } from '../../box.js'
import { concat, u16, u32, u64, zeros } from '../../bytes.js'
import { UNITY_MATRIX } from '../../track-matrix.js'
import { type Edit, MOVIE_TIMESCALE, type TrackFormat } from '../movie.js'
import { durationMsOf, type TrackTimes } from '../tables/presentation.js'
import { sumRuns } from '../tables/runs.js'

const SECONDS_FROM_1904_TO_1970 = 2_082_844_800
/** 'und', packed with five bits per letter (8.4.2.3). */
const LANGUAGE_UNDETERMINED = u16(0x55c4)

/** 8.2.2. `startMs` null: the time is unknown. */
export function mvhd(options: { startMs: number | null; durationMs: number; nextTrackId: number }): Uint8Array {
  return timedBox('mvhd', 0, {
    startMs: options.startMs,
    duration: options.durationMs,
    between: u32(MOVIE_TIMESCALE),
    after: [fixed16x16(1), fixed8x8(1), zeros(10), u32(...UNITY_MATRIX), zeros(24), u32(options.nextTrackId)],
  })
}

/** 8.3.2. Flags: enabled, in the movie. */
export function tkhd(track: TrackTimes & TrackFormat, options: { startMs: number | null; trackId: number }): Uint8Array {
  const { kind, width, height, matrix } = track
  return timedBox('tkhd', 3, {
    startMs: options.startMs,
    duration: durationMsOf(track),
    between: concat([u32(options.trackId), zeros(4)]),
    after: [
      zeros(8),
      u16(0, 0),
      fixed8x8(kind === 'audio' ? 1 : 0),
      zeros(2),
      u32(...(matrix ?? UNITY_MATRIX)),
      fixed16x16(width),
      fixed16x16(height),
    ],
  })
}

/** 8.4.2. */
export function mdhd({ timescale, samples }: TrackTimes, startMs: number | null): Uint8Array {
  const fields = { startMs, duration: sumRuns(samples.durations), between: u32(timescale), after: [LANGUAGE_UNDETERMINED, zeros(2)] }
  return timedBox('mdhd', 0, fields)
}

/** The common form of `mvhd`, `tkhd` and `mdhd`: two times and a duration, of 32 bits or, in version 1, of 64. */
function timedBox(
  type: string,
  flags: number,
  fields: { startMs: number | null; duration: number; between: Uint8Array; after: readonly Uint8Array[] },
): Uint8Array {
  const { startMs, duration, between, after } = fields
  const created = startMs === null ? 0 : Math.max(Math.floor(startMs / 1000) + SECONDS_FROM_1904_TO_1970, 0)
  const isWide = created > 0xffffffff || duration > 0xffffffff
  const word = isWide ? u64 : u32
  return fullBox(type, isWide ? 1 : 0, flags, word(created, created), between, word(duration), ...after)
}

/** 8.6.5 and 8.6.6, at rate 1. */
export function edts(edits: readonly Edit[]): Uint8Array {
  const isWide = edits.some(({ durationMs, mediaTime }) => durationMs > 0xffffffff || mediaTime > 0x7fffffff)
  const word = isWide ? u64 : u32
  const rows = edits.map(({ durationMs, mediaTime }) => concat([word(durationMs, mediaTime), u16(1, 0)]))
  return box('edts', fullBox('elst', isWide ? 1 : 0, 0, u32(edits.length), ...rows))
}

/** 8.4.3. */
export function hdlr(kind: TrackFormat['kind']): Uint8Array {
  const [type, name] = kind === 'video' ? ['vide', 'VideoHandler'] : ['soun', 'SoundHandler']
  return fullBox('hdlr', 0, 0, zeros(4), fourCC(type), zeros(12), nulTerminated(name))
}

/** 12.1.2 and 12.2.2. */
export function mediaHeader(kind: TrackFormat['kind']): Uint8Array {
  return kind === 'video' ? fullBox('vmhd', 0, 1, zeros(8)) : fullBox('smhd', 0, 0, zeros(4))
}

/** 8.7.1 and 8.7.2: the media is in the same file. */
export function dinf(): Uint8Array {
  return box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)))
}

/** 8.5.2, with one sample entry. */
export function stsd(sampleEntry: Uint8Array): Uint8Array {
  return fullBox('stsd', 0, 0, u32(1), sampleEntry)
}
