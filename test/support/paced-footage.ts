import { CreateStreamCommand } from '@aws-sdk/client-kinesis-video'
import type { FragmentSelectorType } from '../../src/domain/time-range.js'
import { MatroskaDemuxer } from '../../src/media/matroska/demuxer.js'
import type { MatroskaEvent } from '../../src/media/matroska/events.js'
import { START, STREAM } from './clip-harness.js'
import { type KvsTestServer, startKvsTestServer } from './kvs-test-server.js'
import { md5 } from './mp4-packets.js'
import { Producer } from './producer.js'

/** A picture in the model of a clip. */
export interface PacedPicture {
  readonly fragment: number
  readonly isKey: boolean
  /** In file order. */
  readonly decodeIndex: number
  readonly md5: string
  /** The timestamp of its fragment plus its distance from the Timestamp of the Cluster, by each clock, in epoch milliseconds. */
  readonly timeMs: Readonly<Record<FragmentSelectorType, number>>
}

export interface PacedFootage {
  readonly server: KvsTestServer
  /** In presentation order. */
  readonly pictures: readonly PacedPicture[]
  readonly fragmentCount: number
  /** The start of each fragment, by each clock. */
  readonly startsMs: readonly Readonly<Record<FragmentSelectorType, number>>[]
}

type ClusterEnd = Extract<MatroskaEvent, { kind: 'cluster-end' }>

/** Uploads a Matroska file Cluster by Cluster. Sets the clock of the server to the arrival time of each. */
export async function startPacedFootage(file: Uint8Array): Promise<PacedFootage> {
  const demuxer = new MatroskaDemuxer()
  const events = [...demuxer.push(file), ...demuxer.end()]
  const clusters = events.flatMap((event) => (event.kind === 'cluster-end' ? [event] : []))
  const tracks = events.flatMap((event) => (event.kind === 'tracks' ? event.tracks : []))
  const video = tracks.find(({ type }) => type === 'video')?.number ?? 0
  // Two hours ago, so that everything is in the past and still retained.
  const serverStartMs = Math.floor(Date.now() / 1000) * 1000 - 7_200_000
  const arrivals = clusters.map(({ timestampMs }, index) => serverStartMs + timestampMs + 70 + (index % 3) * 5)
  const server = await uploadPaced(file, clusters, arrivals)
  let decodeIndex = 0
  const pictures = clusters.flatMap(({ samples, timestampMs, range }, fragment) =>
    Array.from(samples.tracks, (track, row) => ({ track, row }))
      .filter(({ track }) => track === video)
      .map(({ row }): PacedPicture => {
        const [timeMs, at] = [samples.times[row] ?? 0, range.start + (samples.offsets[row] ?? 0)]
        return {
          fragment,
          isKey: samples.keys[row] === 1,
          decodeIndex: decodeIndex++,
          md5: md5(file.subarray(at, at + (samples.sizes[row] ?? 0))),
          timeMs: { PRODUCER_TIMESTAMP: START + timestampMs + timeMs, SERVER_TIMESTAMP: (arrivals[fragment] ?? 0) + timeMs },
        }
      }),
  )
  return {
    server,
    pictures: pictures.toSorted((a, b) => a.timeMs.PRODUCER_TIMESTAMP - b.timeMs.PRODUCER_TIMESTAMP),
    fragmentCount: clusters.length,
    startsMs: clusters.map(({ timestampMs }, index) => ({
      PRODUCER_TIMESTAMP: START + timestampMs,
      SERVER_TIMESTAMP: arrivals[index] ?? 0,
    })),
  }
}

async function uploadPaced(file: Uint8Array, clusters: readonly ClusterEnd[], arrivals: readonly number[]): Promise<KvsTestServer> {
  let setMs: number | null = (arrivals[0] ?? 0) - 1000
  const server = await startKvsTestServer({ clock: { now: () => setMs ?? Date.now() } })
  await server.control.send(new CreateStreamCommand({ StreamName: STREAM, DataRetentionInHours: 24 }))
  const producer = new Producer(server.url, { stream: STREAM, start: String(START / 1000) })
  await producer.send(file.subarray(0, clusters[0]?.range.start))
  for (const [index, { range }] of clusters.entries()) {
    setMs = arrivals[index] ?? setMs
    await producer.send(file.subarray(range.start, clusters[index + 1]?.range.start))
    await producer.until('BUFFERING', index + 1)
  }
  await producer.finish()
  setMs = null
  return server
}

/** The definition of an exact cut: from the first picture at or after the start to the last at or before the end, in presentation order. */
export function toExactCut(
  pictures: readonly PacedPicture[],
  { selector, startMs, endMs }: { readonly selector: FragmentSelectorType; readonly startMs: number; readonly endMs: number },
): PacedPicture[] {
  const first = pictures.findIndex(({ timeMs }) => timeMs[selector] >= startMs)
  const last = pictures.findLastIndex(({ timeMs }) => timeMs[selector] <= endMs)
  return first < 0 ? [] : pictures.slice(first, last + 1)
}
