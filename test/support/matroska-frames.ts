import { createHash } from 'node:crypto'
import type { SampleTable } from '../../src/media/matroska/sample-table.js'
import { demux, type EventOf, eventsOf } from './demux.js'

/** A frame as Matroska describes it, in any Cluster. */
export interface MatroskaFrame {
  readonly track: number
  readonly ms: number
  readonly isKey: boolean
  readonly payload: string
}

/** The frames of each Cluster, in file order. Throws if the demuxer refuses the file. */
export function clusterFramesOf(file: Uint8Array): MatroskaFrame[][] {
  const found = demux(file)
  if (found.failure !== null) throw found.failure
  return eventsOf(found, 'cluster-end').map((cluster) => rowsOf(file, cluster))
}

export function clusterTimesOf(file: Uint8Array): number[] {
  return eventsOf(demux(file), 'cluster-end').map(({ timestampMs }) => timestampMs)
}

function rowsOf(file: Uint8Array, { range, timestampMs, samples }: EventOf<'cluster-end'>): MatroskaFrame[] {
  return Array.from({ length: samples.count }, (_, row) => toFrame(file.subarray(range.start), samples, { row, timestampMs }))
}

function toFrame(cluster: Uint8Array, table: SampleTable, { row, timestampMs }: { row: number; timestampMs: number }): MatroskaFrame {
  const [offset = 0, size = 0] = [table.offsets[row], table.sizes[row]]
  const payload = createHash('md5')
    .update(cluster.subarray(offset, offset + size))
    .digest('hex')
  return { track: table.tracks[row] ?? 0, ms: timestampMs + (table.times[row] ?? 0), isKey: table.keys[row] === 1, payload }
}
