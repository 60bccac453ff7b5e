import type { AudioConfig } from '../codec/codec-config.js'
import type { DurationRuns } from '../mp4/movie.js'
import { RunBuilder } from '../mp4/tables/runs.js'
import type { TimedTrack } from './timed-track.js'
import { ChunkBuilder, chunksOf, type TrackRows } from './track-rows.js'

/** Rounding to milliseconds makes up to 1; beyond this the producer means it. */
const FRAME_TOLERANCE_MS = 2
/**
 * G.711 has no frames to stretch: setting its clock right costs samples or makes silence. Less than a usual block is left alone, and can
 * neither be heard nor seen against the picture.
 */
const SAMPLE_TOLERANCE_MS = 20

export function timeAudio(rows: TrackRows, config: AudioConfig): TimedTrack {
  return config.codec === 'aac' ? timeFrames(rows, config) : timeSamples(rows, config)
}

/**
 * AAC: frames follow each other by the sound's own clock, which undoes Matroska's rounding to milliseconds. Where it strays from the
 * producer's time it is set right, by the length of the frame before; never back to or before that frame.
 */
function timeFrames(rows: TrackRows, { sampleRate, samplesPerFrame }: AudioConfig): TimedTrack {
  const { count, timesMs } = rows
  const startMs = timesMs[0] ?? 0
  const tolerance = (FRAME_TOLERANCE_MS * sampleRate) / 1000
  const durations = new Uint32Array(count)
  let previous = -samplesPerFrame
  for (let index = 0; index < count; index += 1) {
    let time = previous + samplesPerFrame
    // The frames of one laced block share its time, which is the first one's.
    if (index === 0 || timesMs[index] !== timesMs[index - 1]) {
      const wanted = Math.round((((timesMs[index] ?? 0) - startMs) * sampleRate) / 1000)
      if (Math.abs(wanted - time) > tolerance) time = Math.max(wanted, previous + 1)
    }
    if (index > 0) durations[index - 1] = time - previous
    previous = time
  }
  durations[count - 1] = samplesPerFrame
  return {
    timescale: sampleRate,
    samples: { count, sizes: rows.sizes, durations, compositionOffsets: null, syncs: null },
    chunks: chunksOf(rows),
    startMs,
    durationMs: Math.round(((previous + samplesPerFrame) * 1000) / sampleRate),
    mediaTime: 0,
  }
}

/**
 * G.711: a sample is one byte for each channel and lasts one tick, a block is a chunk. A hole stretches the sample before it; what a
 * producer sends twice is left out the second time.
 */
function timeSamples(rows: TrackRows, { sampleRate, channels }: AudioConfig): TimedTrack {
  const startMs = rows.timesMs[0] ?? 0
  const tolerance = (SAMPLE_TOLERANCE_MS * sampleRate) / 1000
  const chunks = new ChunkBuilder(rows.count)
  const runs = new RunBuilder()
  let clock = 0
  let count = 0
  for (let index = 0; index < rows.count; index += 1) {
    const early = clock - Math.round((((rows.timesMs[index] ?? 0) - startMs) * sampleRate) / 1000)
    const isOff = rows.timesMs[index] !== rows.timesMs[index - 1] && Math.abs(early) > tolerance
    if (isOff && early < 0 && stretchLast(runs, -early)) clock -= early
    const held = Math.floor((rows.sizes[index] ?? 0) / channels)
    const skipped = isOff && early > 0 ? Math.min(early, held) : 0
    const kept = held - skipped
    if (kept === 0) continue
    const offset = (rows.offsets[index] ?? 0) + skipped * channels
    chunks.add({ span: rows.spans[index] ?? 0, offset }, kept, kept * channels)
    runs.add(kept, 1)
    clock += kept
    count += kept
  }
  return {
    timescale: sampleRate,
    samples: { count, sizes: channels, durations: oneOrRuns(runs.build()), compositionOffsets: null, syncs: null },
    chunks: chunks.build(),
    startMs,
    durationMs: Math.round((clock * 1000) / sampleRate),
    mediaTime: 0,
  }
}

function stretchLast(runs: RunBuilder, ticks: number): boolean {
  const last = runs.pop()
  if (!last) return false
  runs.add(last.count - 1, last.value)
  runs.add(1, last.value + ticks)
  return true
}

function oneOrRuns(runs: DurationRuns): DurationRuns | number {
  return runs.values.every((value) => value === 1) ? 1 : runs
}
