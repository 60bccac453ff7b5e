import type { EpochMs } from '../../lib/clock.js'
import type { FragmentDetails, MediaSession } from './archived-fragment.js'
import type { FragmentNumberParts } from './fragment-number.js'

/** A fragment that has arrived whole, its bytes in a file under `incoming/` and synced, not yet in the index. */
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
