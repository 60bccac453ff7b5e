import type { MatroskaTrack } from '../../src/media/matroska/track.js'
import type { SlicedFile } from '../../src/media/mp4/slices.js'
import type { MovieFragment } from '../../src/media/timeline/fragment-movie.js'
import { demux } from './demux.js'

/** The Clusters of an upload as fragments of source 0. `offsetMs` is added to their times. */
export function fragmentsOf(upload: Uint8Array, { source = 0, offsetMs = 0 } = {}): MovieFragment[] {
  const { events, failure } = demux(upload)
  if (failure) throw failure
  const fragments: MovieFragment[] = []
  let tracks: readonly MatroskaTrack[] = []
  for (const event of events) {
    if (event.kind === 'tracks') tracks = event.tracks
    if (event.kind !== 'cluster-end') continue
    const { range, samples, timestampMs } = event
    const place = { source, clusterOffset: range.start, clusterBytes: range.end - range.start }
    fragments.push({ tracks, samples, timestampMs: timestampMs + offsetMs, ...place })
  }
  return fragments
}

/** The bytes of a laid-out file with in-memory sources. */
export function readSlices(file: SlicedFile, sources: readonly Uint8Array[]): Uint8Array {
  const parts = file.slices.map((slice) => {
    if (slice.kind === 'bytes') return slice.bytes
    return (sources[slice.source] ?? new Uint8Array(0)).subarray(slice.offset, slice.offset + slice.length)
  })
  return new Uint8Array(Buffer.concat(parts))
}
