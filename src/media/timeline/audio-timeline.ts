import type { AudioConfig } from '../codec/codec-config.js'
import { rowAt } from '../mp4/tables/columns.js'
import { RunBuilder } from '../mp4/tables/runs.js'
import { ChunkBuilder, type TimedTrack, type TrackRows, toChunks } from './track-rows.js'

/** Rounding to milliseconds adds up to 1. A larger difference comes from the producer. */
const FRAME_TOLERANCE_MS = 2
/**
 * G.711 has no frames to stretch: correcting its clock drops samples or adds silence. Less than the usual length of a block can neither be
 * heard nor seen against the picture, and is ignored.
 */
const SAMPLE_TOLERANCE_MS = 20

/** `rows` are not empty. */
export function timeAudio(rows: TrackRows, config: AudioConfig): TimedTrack {
  return config.codec === 'aac' ? timeFrames(rows, config) : timeSamples(rows, config)
}

/**
 * AAC: frames follow each other on the clock of the sound, which undoes the rounding of Matroska to milliseconds. If that clock differs
 * from the producer's, the duration of the frame before corrects it. A frame is never moved to the start of the one before or earlier.
 */
function timeFrames(rows: TrackRows, { sampleRate, samplesPerFrame }: AudioConfig): TimedTrack {
  const { count, timesMs } = rows
  const startMs = rowAt(timesMs, 0)
  const tolerance = (FRAME_TOLERANCE_MS * sampleRate) / 1000
  const durations = new RunBuilder()
  let previous = 0
  for (let index = 1; index < count; index += 1) {
    const timeMs = rowAt(timesMs, index)
    let time = previous + samplesPerFrame
    // The frames of a laced block have the time of the first of them.
    if (timeMs !== rowAt(timesMs, index - 1)) {
      const wanted = Math.round(((timeMs - startMs) * sampleRate) / 1000)
      if (Math.abs(wanted - time) > tolerance) time = Math.max(wanted, previous + 1)
    }
    durations.add(1, time - previous)
    previous = time
  }
  durations.add(1, samplesPerFrame)
  return {
    timescale: sampleRate,
    samples: { count, durations: durations.build(), compositionOffsets: null },
    piece: { count, sizes: rows.sizes, keys: null, chunks: toChunks(rows) },
    startMs,
    durationMs: Math.round(((previous + samplesPerFrame) * 1000) / sampleRate),
    mediaTime: 0,
  }
}

/**
 * G.711: a sample has one byte for each channel and lasts one tick, and a block is a chunk. A gap stretches the sample before it. Samples
 * that a producer repeats are dropped.
 */
function timeSamples(rows: TrackRows, { sampleRate, channels }: AudioConfig): TimedTrack {
  const startMs = rowAt(rows.timesMs, 0)
  const tolerance = (SAMPLE_TOLERANCE_MS * sampleRate) / 1000
  const chunks = new ChunkBuilder(rows.count)
  const runs = new RunBuilder()
  let clock = 0
  let count = 0
  let previousMs = Number.NaN
  for (let index = 0; index < rows.count; index += 1) {
    const timeMs = rowAt(rows.timesMs, index)
    const early = clock - Math.round(((timeMs - startMs) * sampleRate) / 1000)
    const isOff = timeMs !== previousMs && Math.abs(early) > tolerance
    previousMs = timeMs
    if (isOff && early < 0 && runs.raiseLast(-early) !== null) clock -= early
    const held = Math.floor(rowAt(rows.sizes, index) / channels)
    const skipped = isOff && early > 0 ? Math.min(early, held) : 0
    const kept = held - skipped
    if (kept === 0) continue
    chunks.add({ span: rowAt(rows.spans, index), offset: rowAt(rows.offsets, index) + skipped * channels }, kept, kept * channels)
    runs.add(kept, 1)
    clock += kept
    count += kept
  }
  return {
    timescale: sampleRate,
    samples: { count, durations: runs.build(), compositionOffsets: null },
    piece: { count, sizes: channels, keys: null, chunks: chunks.build() },
    startMs,
    durationMs: Math.round((clock * 1000) / sampleRate),
    mediaTime: 0,
  }
}
