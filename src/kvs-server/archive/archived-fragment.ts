import type { EpochMs } from '../../lib/clock.js'
import type { SampleTable } from '../../media/matroska/sample-table.js'
import type { FragmentNumberParts } from './fragment-number.js'

/** The index row of a fragment. Its media is in its own file. */
export interface ArchivedFragment {
  /** The archive's own key of the stream. */
  readonly streamId: number
  /** Decimal digits; grows with ingestion, and compares as a number (all have the same count of digits). */
  readonly fragmentNumber: string
  /** The PutMedia call it came with: fragments of one session share a Matroska header. */
  readonly sessionId: number
  readonly producerTimestampMs: EpochMs
  readonly serverTimestampMs: EpochMs
  readonly lengthMs: number
  /** Header and Cluster, as GetMedia returns them. */
  readonly sizeBytes: number
  /** Grows with ingestion within a stream; the part of the fragment number by which fragments are ordered. */
  readonly sequence: number
  /** Its file, or its place in the host buffer. */
  readonly source: FragmentSource
  /** Length of that file: the unchanged Cluster. */
  readonly clusterBytes: number
  /** Why its frames are invalid for their codec (InvalidMediaFrameException), or null. */
  readonly frameFault: string | null
}

export type FragmentSource = { readonly kind: 'archived'; readonly fileId: number } | { readonly kind: 'buffered'; readonly path: string }

/** The part of a fragment that clips and media reads need, and lists do not. */
export interface FragmentDetails {
  readonly samples: SampleTable
  /** Tags elements between the previous Cluster and this one. */
  readonly leadingTags: Uint8Array
  readonly trailingTags: Uint8Array
}

/** A Matroska header and the run of fragments that share it. */
export interface MediaSession {
  readonly id: number
  readonly streamId: number
  /** From the EBML header to the byte before the first Cluster. */
  readonly header: Uint8Array
}

/** A complete fragment that is not in the index yet. Its bytes are synced, in a file under `incoming/`. */
export interface ReceivedFragment {
  readonly session: MediaSession
  readonly number: FragmentNumberParts
  readonly producerTimestampMs: EpochMs
  readonly lengthMs: number
  readonly path: string
  readonly clusterBytes: number
  readonly frameFault: string | null
  readonly details: FragmentDetails
}

/** A range of fragment starts by one of the two clocks, both ends included. */
export interface FragmentRange {
  readonly clock: 'producer' | 'server'
  readonly startMs: EpochMs
  readonly endMs: EpochMs
}

export function timestampOf({ producerTimestampMs, serverTimestampMs }: ArchivedFragment, clock: FragmentRange['clock']): EpochMs {
  return clock === 'producer' ? producerTimestampMs : serverTimestampMs
}
