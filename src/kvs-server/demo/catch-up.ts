import type { Clock, EpochMs } from '../../lib/clock.js'
import type { Archive } from '../archive/archive.js'
import type { StreamRecord } from '../archive/stream-record.js'
import type { LoopedFootage } from './looped-footage.js'
import { MovingClock, resumesAt, storePast } from './past-footage.js'

export interface CatchUpOptions {
  readonly archive: Archive
  readonly streams: { findById(id: number): StreamRecord | undefined }
  readonly stream: StreamRecord
  readonly footage: LoopedFootage
  readonly clock: Clock
}

/**
 * Stores the footage since the newest fragment of a camera, up to and including the current Cluster, and returns when the next Cluster
 * begins. A camera that continues from there leaves no gap on either clock, however long the start took.
 */
export async function catchUp({ archive, streams, stream, footage, clock }: CatchUpOptions): Promise<EpochMs> {
  const leave = archive.claimProducer(stream.id)
  // Somebody else films into the stream.
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
