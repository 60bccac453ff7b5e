import { readFile } from 'node:fs/promises'
import { at } from '../../lib/at.js'
import type { EpochMs } from '../../lib/clock.js'
import { MatroskaDemuxer } from '../../media/matroska/demuxer.js'
import { readElements } from '../../media/matroska/ebml.js'
import { ELEMENT } from '../../media/matroska/element-ids.js'
import type { MatroskaEvent } from '../../media/matroska/events.js'

const LOOP_MS = 60_000

export interface DemoCluster {
  /** Its Timestamp: absolute, in milliseconds since 1970. */
  readonly timestampMs: EpochMs
  /** When the next one is due. */
  readonly endMs: EpochMs
  readonly bytes: Uint8Array
}

interface LoopCluster {
  readonly offsetMs: number
  /** The unchanged children of the Cluster, without its Timestamp. */
  readonly blocks: Uint8Array
}

/** One minute of footage in a loop. The second that is shown in the picture is the second of the minute. */
export class LoopedFootage {
  private constructor(
    /** The header of an upload: EBML header, Segment, Info, Tracks. */
    readonly header: Uint8Array,
    private readonly clusters: readonly LoopCluster[],
  ) {}

  static async load(file: URL): Promise<LoopedFootage> {
    const bytes = await readFile(file)
    const demuxer = new MatroskaDemuxer()
    const events = [...demuxer.push(bytes), ...demuxer.end()]
    const tracks = events.find((event) => event.kind === 'tracks')
    if (tracks === undefined) throw new Error(`${file.pathname} holds no Tracks element`)
    return new LoopedFootage(tracks.bytes, toLoop(events, bytes))
  }

  /** The Clusters from the first one that starts at or after `startMs`, without an end. */
  *clustersFrom(startMs: EpochMs): Generator<DemoCluster, never> {
    for (let minuteMs = Math.floor(startMs / LOOP_MS) * LOOP_MS - LOOP_MS; ; minuteMs += LOOP_MS) {
      for (const [index, cluster] of this.clusters.entries()) {
        const timestampMs = minuteMs + cluster.offsetMs
        if (timestampMs < startMs) continue
        const next = this.clusters[index + 1]?.offsetMs ?? LOOP_MS + at(this.clusters, 0).offsetMs
        yield { timestampMs, endMs: minuteMs + next, bytes: toCluster(timestampMs, cluster.blocks) }
      }
    }
  }
}

function toLoop(events: readonly MatroskaEvent[], bytes: Uint8Array): LoopCluster[] {
  const clusters = events.filter((event) => event.kind === 'cluster-end')
  const first = clusters[0]
  if (first === undefined) throw new Error('footage without a Cluster')
  // Audio priming delays the picture by some milliseconds: the first frame, not the first block, belongs to second 0.
  const leadMs = first.timestampMs + Math.min(...first.samples.times.filter((_, row) => first.samples.tracks[row] === 1))
  return clusters.map(({ range, timestampMs }) => ({
    offsetMs: timestampMs - leadMs,
    blocks: withoutTimestamp(bytes.subarray(range.start, range.end)),
  }))
}

function withoutTimestamp(cluster: Uint8Array): Uint8Array {
  const whole = { bytes: cluster, origin: 0 }
  const kept: Uint8Array[] = []
  for (const element of readElements(whole)) {
    let at = element.start
    for (const child of readElements(whole, element)) {
      // CRC-32 covers the Timestamp too (RFC 8794, section 11.3.1), so it goes with it.
      if (child.id !== ELEMENT.Timestamp && child.id !== ELEMENT.CRC32) kept.push(cluster.subarray(at, child.end))
      at = child.end
    }
  }
  return Buffer.concat(kept)
}

function toCluster(timestampMs: EpochMs, blocks: Uint8Array): Uint8Array {
  const head = Buffer.alloc(22)
  head.writeUInt32BE(ELEMENT.Cluster, 0)
  head.writeBigUInt64BE(0x01ffffffffffffffn, 4)
  head.writeUInt8(ELEMENT.Timestamp, 12)
  head.writeUInt8(0x88, 13)
  head.writeBigUInt64BE(BigInt(timestampMs), 14)
  return Buffer.concat([head, blocks])
}
