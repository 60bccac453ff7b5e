import type { SampleTable } from '../matroska/sample-table.js'
import type { MatroskaTrack } from '../matroska/track.js'

/** A stored Cluster, as far as a movie needs it. */
export interface MovieFragment {
  readonly tracks: readonly MatroskaTrack[]
  readonly samples: SampleTable
  /** Producer time of the Cluster's Timestamp. */
  readonly timestampMs: number
  /** Which of the readable sources holds the Cluster, and where in it its first byte stands. */
  readonly source: number
  readonly clusterOffset: number
  readonly clusterBytes: number
}
