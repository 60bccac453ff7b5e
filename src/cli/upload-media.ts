import { setTimeout as wait } from 'node:timers/promises'
import { MalformedMedia } from '../media/malformed-media.js'
import { MatroskaDemuxer } from '../media/matroska/demuxer.js'
import { FIRST_ABSOLUTE_MS } from '../media/matroska/recut/document-clock.js'
import { MatroskaRecutter } from '../media/matroska/recut/recutter.js'
import { inDocumentOrder } from './document-order.js'
import { MediaCutShort, WrongArgument } from './failure.js'

/** The most bytes before the timecode of the first Cluster. */
const MOST_LEAD_BYTES = 8 * 1024 * 1024
/** The most bytes that are sent at once in real time. */
const SLICE_BYTES = 16 * 1024

export interface UploadMedia {
  readonly timecodeType: 'ABSOLUTE' | 'RELATIVE'
  readonly chunks: AsyncIterable<Uint8Array>
  /** After the end of `chunks`: why the rest of the source was not sent; null if all of it was sent. */
  failure(): MediaCutShort | null
  /** How many Matroska files of the input were shifted behind the one before them, because their times started over. */
  shiftedFiles(): number
}

export interface UploadMediaOptions {
  /** Send in real time, as a camera does. */
  readonly isLive: boolean
  /** Send Clusters unchanged, with or without a key frame at their start. */
  readonly keepsClusters: boolean
  readonly stop: AbortSignal
}

/**
 * Reads up to the first Cluster to find out whether its timecodes are absolute. Splits the media at key frames. Ends normally when `stop`
 * aborts.
 * @throws WrongArgument for input that is not Matroska up to its first Cluster. Such input must change nothing, not even create a stream.
 */
export async function openUploadMedia(
  source: AsyncIterable<Uint8Array>,
  { isLive, keepsClusters, stop }: UploadMediaOptions,
): Promise<UploadMedia> {
  const pace = new ClusterPace()
  const iterator = source[Symbol.asyncIterator]()
  const lead = await readLead(iterator, pace)
  const { firstTimestampMs } = pace
  const timecodeType = firstTimestampMs !== null && firstTimestampMs >= FIRST_ABSOLUTE_MS ? 'ABSOLUTE' : 'RELATIVE'
  const rest = { [Symbol.asyncIterator]: () => iterator }
  const whole = untilStopped(concat(lead, rest), stop)
  const chunks = isLive ? paced(whole, stop) : whole
  const media = keepsClusters ? keepClusters(chunks) : recut(chunks)
  // After a stop the media may end anywhere.
  return { ...media, timecodeType, failure: () => (stop.aborted ? null : media.failure()) }
}

type OrderedMedia = Omit<UploadMedia, 'timecodeType'>

function keepClusters(media: AsyncIterable<Uint8Array>): OrderedMedia {
  let failure: MediaCutShort | null = null
  const chunks = inDocumentOrder(media, (reason) => {
    failure = reason
  })
  return { chunks, failure: () => failure, shiftedFiles: () => 0 }
}

function recut(media: AsyncIterable<Uint8Array>): OrderedMedia {
  const recutter = new MatroskaRecutter()
  return {
    chunks: recutChunks(media, recutter),
    failure: () => toMediaCutShort(recutter),
    shiftedFiles: () => recutter.shiftedDocuments,
  }
}

/** Ends at the first failure. The fragments before it are complete. */
async function* recutChunks(chunks: AsyncIterable<Uint8Array>, recutter: MatroskaRecutter): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    const pieces = recutter.push(chunk)
    if (pieces.length > 0) yield Buffer.concat(pieces)
    if (recutter.failure !== null) break
  }
  const rest = recutter.end()
  if (rest.length > 0) yield Buffer.concat(rest)
}

function toMediaCutShort({ failure }: MatroskaRecutter): MediaCutShort | null {
  if (failure === null) return null
  const isMalformed = failure instanceof MalformedMedia
  const message = isMalformed ? `The footage was sent up to the first error: ${failure.message}.` : failure.message
  return new MediaCutShort(message, { cause: failure })
}

async function readLead(iterator: AsyncIterator<Uint8Array>, pace: ClusterPace): Promise<readonly Uint8Array[]> {
  const lead: Uint8Array[] = []
  for (let leadBytes = 0; pace.firstTimestampMs === null && leadBytes < MOST_LEAD_BYTES; ) {
    const next = await iterator.next()
    if (next.done === true) return refuse(iterator, 'it ends before its first Cluster')
    pace.push(next.value)
    if (pace.firstTimestampMs === null && pace.failure !== null) return refuse(iterator, pace.failure.message)
    lead.push(next.value)
    leadBytes += next.value.byteLength
  }
  return lead
}

async function refuse(iterator: AsyncIterator<Uint8Array>, reason: string): Promise<never> {
  // Standard input would otherwise keep the process alive.
  await iterator.return?.()
  throw new WrongArgument(`The input is not Matroska (MKV), so nothing was sent: ${reason}.`)
}

/** How far the Cluster timecodes of the bytes so far reach. */
class ClusterPace {
  firstTimestampMs: number | null = null
  /** From the first Cluster to the newest. A file whose times start over continues from the file before it. */
  elapsedMs = 0
  readonly #demuxer = new MatroskaDemuxer()
  #newestTimestampMs = 0

  /** Why the search for timecodes stopped. Null if it did not fail. */
  get failure(): MalformedMedia | null {
    return this.#demuxer.failure
  }

  push(chunk: Uint8Array): void {
    if (this.failure !== null) return
    try {
      for (const event of this.#demuxer.push(chunk)) {
        if (event.kind !== 'cluster-timestamp') continue
        if (this.firstTimestampMs !== null) this.elapsedMs += Math.max(0, event.timestampMs - this.#newestTimestampMs)
        this.firstTimestampMs ??= event.timestampMs
        this.#newestTimestampMs = event.timestampMs
      }
    } catch (error) {
      if (!(error instanceof MalformedMedia)) throw error
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
    // The stop destroyed the source.
    if (!stop.aborted) throw error
  }
}

/** Delays each Cluster until its timecode is due, counted from the first Cluster. */
async function* paced(chunks: AsyncIterable<Uint8Array>, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  const pace = new ClusterPace()
  const startedMs = performance.now()
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += SLICE_BYTES) {
      const slice = chunk.subarray(at, at + SLICE_BYTES)
      pace.push(slice)
      const dueMs = startedMs + pace.elapsedMs
      const delayMs = dueMs - performance.now()
      if (delayMs > 0) await wait(delayMs, undefined, { signal: stop }).catch(() => undefined)
      if (stop.aborted) return
      yield slice
    }
  }
}
