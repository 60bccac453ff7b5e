import { setTimeout as wait } from 'node:timers/promises'
import { MalformedMedia } from '../media/malformed-media.js'
import { MatroskaDemuxer } from '../media/matroska/demuxer.js'

/** A Cluster that counts from 1970 has a timecode past this (2001); one that counts from its own start never gets there. */
const FIRST_ABSOLUTE_MS = 1_000_000_000_000
/** What is read before the first Cluster's timecode must be there. */
const MOST_LEAD_BYTES = 8 * 1024 * 1024
/** The most that is sent at once when the pace is kept. */
const SLICE_BYTES = 16 * 1024

export interface UploadMedia {
  readonly timecodeType: 'ABSOLUTE' | 'RELATIVE'
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * Reads as far as the first Cluster to tell how its timecodes count. With `isLive` the media is let through at its own speed, as a
 * camera would send it. What cannot be read as Matroska goes through as it is: refusing it is the server's affair. Ends, as
 * media that is over, when `stop` aborts.
 */
export async function openUploadMedia(
  source: AsyncIterable<Uint8Array>,
  options: { isLive: boolean; stop: AbortSignal },
): Promise<UploadMedia> {
  const { isLive, stop } = options
  const pace = new ClusterPace()
  const lead: Uint8Array[] = []
  let leadBytes = 0
  const iterator = source[Symbol.asyncIterator]()
  while (pace.firstTimestampMs === null && leadBytes < MOST_LEAD_BYTES) {
    const next = await iterator.next()
    if (next.done === true) break
    lead.push(next.value)
    leadBytes += next.value.byteLength
    pace.push(next.value)
  }
  const timecodeType = (pace.firstTimestampMs ?? 0) >= FIRST_ABSOLUTE_MS ? 'ABSOLUTE' : 'RELATIVE'
  const rest = { [Symbol.asyncIterator]: () => iterator }
  const whole = untilStopped(concat(lead, rest), stop)
  return { timecodeType, chunks: isLive ? paced(whole, stop) : whole }
}

/** The newest Cluster timecode that the bytes so far hold. */
class ClusterPace {
  firstTimestampMs: number | null = null
  newestTimestampMs: number | null = null
  #demuxer: MatroskaDemuxer | null = new MatroskaDemuxer()

  push(chunk: Uint8Array): void {
    try {
      for (const event of this.#demuxer?.push(chunk) ?? []) {
        if (event.kind !== 'cluster-timestamp') continue
        this.firstTimestampMs ??= event.timestampMs
        this.newestTimestampMs = event.timestampMs
      }
    } catch (error) {
      if (!(error instanceof MalformedMedia)) throw error
      this.#demuxer = null
    }
  }
}

async function* concat(lead: readonly Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* lead
  yield* rest
}

async function* untilStopped(chunks: AsyncIterable<Uint8Array>, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of chunks) {
      if (stop.aborted) return
      yield chunk
    }
  } catch (error) {
    // The source was cut off because it was to end.
    if (!stop.aborted) throw error
  }
}

/** Holds each Cluster back until as much time has passed since the first as their timecodes say. */
async function* paced(chunks: AsyncIterable<Uint8Array>, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  const pace = new ClusterPace()
  const startedMs = performance.now()
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += SLICE_BYTES) {
      const slice = chunk.subarray(at, at + SLICE_BYTES)
      pace.push(slice)
      const dueMs = startedMs + (pace.newestTimestampMs ?? 0) - (pace.firstTimestampMs ?? 0)
      const delayMs = dueMs - performance.now()
      if (delayMs > 0) await wait(delayMs, undefined, { signal: stop }).catch(() => undefined)
      if (stop.aborted) return
      yield slice
    }
  }
}
