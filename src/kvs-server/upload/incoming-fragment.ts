import { at } from '../../lib/at.js'
import type { SampleTable } from '../../media/matroska/sample-table.js'
import type { MediaSession } from '../archive/archived-fragment.js'
import { type FragmentNumberParts, formatFragmentNumber } from '../archive/fragment-number.js'
import type { AcknowledgedFragment } from './acknowledgement.js'
import type { FragmentWriter } from './fragment-writer.js'

/** A Cluster that has ended. Its bytes are being written, and tags may still follow. */
export interface EndedCluster {
  readonly samples: SampleTable
  readonly frameFault: string | null
  readonly clusterBytes: number
  /** The path of its file, once it is synced. */
  readonly synced: Promise<string>
}

export interface IncomingFragment {
  readonly session: MediaSession
  readonly number: FragmentNumberParts
  readonly leadingTags: Uint8Array
  readonly trailingTags: Uint8Array[]
  readonly writer: FragmentWriter
  /** Offset in the upload up to which the writer has its bytes. */
  writtenTo: number
  timecode: number | null
  producerTimestampMs: number | null
  ended: EndedCluster | null
}

export function toAcknowledged({ timecode, number }: IncomingFragment): AcknowledgedFragment {
  return { timecode, fragmentNumber: formatFragmentNumber(number) }
}

/** Milliseconds from the first frame to the last. Matroska does not have the duration of the last frame, and AWS does not count it. */
export function fragmentLengthMs({ times, count }: SampleTable): number {
  if (count === 0) return 0
  let first = at(times, 0)
  let last = first
  for (let i = 1; i < count; i++) {
    const time = at(times, i)
    if (time < first) first = time
    else if (time > last) last = time
  }
  return last - first
}
