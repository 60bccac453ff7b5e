import type { EpochMs } from '../../lib/clock.js'

/** A fragment as the index keeps it; its media is in a file of its own, its sample table beside it. */
export interface FragmentRecord {
  /** The archive's own key of the stream. */
  readonly streamId: number
  /** Decimal digits; grows with ingestion, and compares as a number (all have the same count of digits). */
  readonly fragmentNumber: string
  /** The PutMedia call it came with: fragments of one session share a Matroska header. */
  readonly sessionId: number
  readonly producerTimestampMs: EpochMs
  readonly serverTimestampMs: EpochMs
  readonly lengthMs: number
  /** Header and Cluster, as GetMedia gives them back. */
  readonly sizeBytes: number
}
