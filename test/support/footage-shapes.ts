import fc from 'fast-check'
import { AVCC, frame, recording } from './footage.js'
import { cluster, simpleBlock, type TrackFields } from './mkv-builder.js'

const PICTURE: TrackFields = { number: 1, codecPrivate: AVCC, video: { width: 64, height: 48 } }
const SOUND: TrackFields = {
  number: 2,
  type: 2,
  codecId: 'A_AAC',
  codecPrivate: Uint8Array.of(0x11, 0x88),
  audio: { sampleRate: 48_000, channels: 1 },
}
const SOUND_MS = 1024 / 48

/** How an imaginary camera encodes, and how its muxer cuts. */
export interface FootageShape {
  readonly frameMs: number
  readonly frames: number
  /** Between two reference pictures. */
  readonly bFrames: number
  /** From key frame to key frame, in groups of B-frames and one reference picture. */
  readonly groupsPerGop: number
  /** Pictures that are shown before a key frame are decoded after it. */
  readonly isOpen: boolean
  /** Pictures of each Cluster, in turn. Null cuts at key frames. */
  readonly cuts: readonly number[] | null
  /** The Timestamp of a Cluster: the time of its first block, of its earliest, or some milliseconds before. */
  readonly timestamp: 'first' | 'earliest' | 'before'
  /** How far sound is muxed ahead of the pictures at its time, or behind them. Null means no sound. */
  readonly soundLeadMs: number | null
}

/** A fragment lasts at most 20 s, including the sound that is ahead. */
const MOST_PICTURES_MS = 15_000

export const footageShapes: fc.Arbitrary<FootageShape> = fc
  .record({
    frameMs: fc.constantFrom(40, 100, 500, 1000, 2000),
    frames: fc.integer({ min: 20, max: 60 }),
    bFrames: fc.integer({ min: 0, max: 3 }),
    groupsPerGop: fc.integer({ min: 1, max: 8 }),
    isOpen: fc.boolean(),
    cuts: fc.option(fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 5 })),
    timestamp: fc.constantFrom('first', 'earliest', 'before'),
    soundLeadMs: fc.constantFrom(null, 0, 90, -300, 700, 1500, 2000, -1500),
  })
  .map(shortened)

function shortened(shape: FootageShape): FootageShape {
  const most = Math.max(1, Math.floor(MOST_PICTURES_MS / shape.frameMs))
  return {
    ...shape,
    // A fragment without a frame of every track is refused.
    soundLeadMs: shape.soundLeadMs && Math.max(shape.soundLeadMs, Math.round((-shape.frames * shape.frameMs) / 3)),
    groupsPerGop: Math.max(1, Math.min(shape.groupsPerGop, Math.floor(most / (shape.bFrames + 1)))),
    cuts: shape.cuts?.map((pictures) => Math.min(pictures, most)) ?? null,
  }
}

interface Picture {
  readonly shown: number
  readonly isKey: boolean
}

interface Block {
  readonly track: number
  readonly timeMs: number
  readonly isKey: boolean
  readonly payload: Uint8Array
}

/** A Matroska document with this footage, whose pictures all differ. */
export function recordShape(shape: FootageShape): Uint8Array {
  const clusters: Block[][] = []
  let lastMs = Number.NEGATIVE_INFINITY
  for (const blocks of cutBlocks(shape, decodeOrder(shape))) {
    // PutMedia accepts Clusters in order of their Timestamps, each with frames of all tracks.
    const last = clusters.at(-1)
    const isFit = timestampOf(shape, blocks) > lastMs && hasAllTracks(shape, blocks)
    if (last === undefined || (isFit && hasAllTracks(shape, last))) clusters.push(blocks)
    else last.push(...blocks)
    lastMs = timestampOf(shape, clusters.at(-1) ?? [])
  }
  const tracks = shape.soundLeadMs === null ? [PICTURE] : [PICTURE, SOUND]
  return recording(
    clusters.map((blocks) => {
      const startMs = timestampOf(shape, blocks)
      return cluster(
        startMs,
        blocks.map(({ timeMs, ...block }) => simpleBlock({ ...block, time: timeMs - startMs })),
      )
    }),
    tracks,
  )
}

function hasAllTracks({ soundLeadMs }: FootageShape, blocks: readonly Block[]): boolean {
  return new Set(blocks.map(({ track }) => track)).size === (soundLeadMs === null ? 1 : 2)
}

function timestampOf({ timestamp }: FootageShape, blocks: readonly Block[]): number {
  const earliestMs = Math.min(...blocks.map(({ timeMs }) => timeMs))
  if (timestamp === 'before') return Math.max(0, earliestMs - 7)
  return timestamp !== 'first' ? earliestMs : (blocks[0]?.timeMs ?? 0)
}

function decodeOrder({ frames, bFrames, groupsPerGop, isOpen }: FootageShape): Picture[] {
  const gop = groupsPerGop * (bFrames + 1)
  const order: Picture[] = []
  let previous = -1
  for (let shown = 0; shown < frames; shown += 1) {
    const isKey = shown % gop === 0
    const isLast = shown === frames - 1 || (!isOpen && (shown + 1) % gop === 0)
    if (!isKey && !isLast && (shown % gop) % (bFrames + 1) !== 0) continue
    order.push({ shown, isKey })
    for (let between = previous + 1; between < shown; between += 1) order.push({ shown: between, isKey: false })
    previous = shown
  }
  return order
}

function cutBlocks(shape: FootageShape, pictures: readonly Picture[]): Block[][] {
  const { frameMs, cuts, soundLeadMs } = shape
  const clusters: Block[][] = []
  let [left, sound] = [0, 0]
  for (const [decoded, { shown, isKey }] of pictures.entries()) {
    const isCut = cuts === null ? isKey : left === 0
    if (isCut) left = cuts?.[clusters.length % cuts.length] ?? 0
    if (isCut) clusters.push([])
    left -= 1
    const blocks = clusters.at(-1)
    if (soundLeadMs !== null) {
      for (; sound * SOUND_MS < decoded * frameMs + soundLeadMs + frameMs; sound += 1) blocks?.push(toSound(sound))
    }
    const payload = frame(40)
    new DataView(payload.buffer).setUint32(12, decoded)
    blocks?.push({ track: 1, timeMs: shown * frameMs, isKey, payload })
  }
  return clusters
}

function toSound(number: number): Block {
  const payload = new Uint8Array(12).fill(0x21)
  new DataView(payload.buffer).setUint32(4, number)
  return { track: 2, timeMs: Math.round(number * SOUND_MS), isKey: true, payload }
}
