import type { Clock, EpochMs } from '../../lib/clock.js'
import type { Archive } from '../archive/archive.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { UploadSession } from '../upload/upload-session.js'
import { DEMO_FOOTAGE_MS } from './demo-camera.js'
import type { DemoCluster, LoopedFootage } from './looped-footage.js'

export interface PastFootage {
  readonly archive: Archive
  readonly streams: { findById(id: number): StreamRecord | undefined }
  readonly streamId: number
  readonly header: Uint8Array
  /** In order of time. A gap between two of them is a gap in the footage. */
  readonly clusters: Iterable<DemoCluster>
  /** No footage arrives before this instant: server time never goes back within a stream. */
  readonly afterMs: EpochMs
  readonly clock: MovingClock
}

/** A camera sends while it records. This is the delay until its bytes arrive. */
export const LATENCY_MS = 120
const UPLOAD_MS = 20 * 60_000

/** Where a camera continues after the footage in its stream, but not before the start of the demo footage. */
export function resumesAt(newest: ArchivedFragment | null, nowMs: EpochMs): EpochMs {
  const firstMs = nowMs - DEMO_FOOTAGE_MS
  return newest === null ? firstMs : Math.min(nowMs, Math.max(firstMs, newest.producerTimestampMs + 1))
}

/** Stores footage as if it had arrived when it was recorded, through the upload session of PutMedia. */
export async function storePast({ clusters, clock, afterMs, header, ...place }: PastFootage): Promise<void> {
  let session: UploadSession | null = null
  let [closesAtMs, sentUntilMs] = [0, 0]
  for (const { timestampMs, endMs, bytes } of clusters) {
    if (session !== null && (timestampMs >= closesAtMs || timestampMs !== sentUntilMs)) {
      await session.finish()
      session = null
    }
    clock.nowMs = Math.max(afterMs, timestampMs + LATENCY_MS)
    if (session === null) {
      session = openSession({ ...place, clock })
      await session.receive(header)
      closesAtMs = clock.nowMs + UPLOAD_MS
    }
    await session.receive(bytes)
    sentUntilMs = endMs
  }
  await session?.finish()
}

function openSession({
  archive,
  streams,
  streamId,
  clock,
}: Pick<PastFootage, 'archive' | 'streams' | 'streamId' | 'clock'>): UploadSession {
  return new UploadSession({
    archive: archive.writer,
    clock,
    streamId,
    producerStartMs: null,
    findStream: () => streams.findById(streamId),
    acknowledge({ EventType, ErrorCode }) {
      if (EventType === 'ERROR') throw new Error(`the demo footage of stream ${streamId} was refused: ${ErrorCode}`)
    },
  })
}

/** A clock that stands still until it is moved, to store footage of the past. */
export class MovingClock implements Clock {
  constructor(public nowMs: EpochMs) {}

  now(): EpochMs {
    return this.nowMs
  }
}

export interface CatchUpOptions extends Pick<PastFootage, 'archive' | 'streams'> {
  readonly stream: StreamRecord
  readonly footage: LoopedFootage
  readonly clock: Clock
}

/**
 * Stores the footage since the newest fragment of a camera, up to and including the current Cluster, and returns when the next Cluster
 * begins. A camera that continues from there leaves no gap on either clock, however long the start took.
 */
export async function catchUp({ archive, streams, stream, footage, clock }: CatchUpOptions): Promise<EpochMs> {
  const leave = archive.writer.claimProducer(stream.id)
  // Another producer uses the stream.
  if (leave === null) return clock.now()
  try {
    const newest = archive.findNewest(stream)
    let nextMs = stream.dataRetentionInHours === 0 ? clock.now() : resumesAt(newest, clock.now())
    const begunClusters = function* () {
      for (const cluster of footage.clustersFrom(nextMs)) {
        nextMs = cluster.timestampMs
        if (nextMs > clock.now()) return
        yield cluster
      }
    }
    await storePast({
      archive,
      streams,
      streamId: stream.id,
      header: footage.header,
      clusters: begunClusters(),
      afterMs: newest?.serverTimestampMs ?? 0,
      clock: new MovingClock(clock.now()),
    })
    return nextMs
  } finally {
    leave()
  }
}
