import { at } from '../../lib/at.js'
import type { SampleTable } from '../../media/matroska/sample-table.js'
import type { MediaSession } from '../archive/archived-fragment.js'
import { type FragmentNumberParts, formatFragmentNumber } from '../archive/fragment-number.js'
import type { AcknowledgedFragment } from './acknowledgement.js'
import type { FragmentWriter } from './fragment-writer.js'

export interface IncomingFragmentOptions {
  readonly session: MediaSession
  readonly number: FragmentNumberParts
  /** Offset of the Cluster's first byte in the upload. */
  readonly start: number
  readonly leadingTags: Uint8Array
  readonly writer: FragmentWriter
}

/** A Cluster that has ended. Its bytes are being written, and tags may still follow. */
export interface EndedCluster {
  readonly samples: SampleTable
  readonly frameFault: string | null
  readonly clusterBytes: number
  /** The path of its file, once it is synced. */
  readonly synced: Promise<string>
}

/** A fragment while it is received. */
export class IncomingFragment {
  readonly session: MediaSession
  readonly number: FragmentNumberParts
  readonly leadingTags: Uint8Array
  readonly writer: FragmentWriter
  readonly #fragmentNumber: string
  /** Offset in the upload up to which the writer has its bytes. */
  writtenTo: number
  readonly trailingTags: Uint8Array[] = []
  timecode: number | null = null
  producerTimestampMs: number | null = null
  ended: EndedCluster | null = null

  constructor({ session, number, start, leadingTags, writer }: IncomingFragmentOptions) {
    this.session = session
    this.number = number
    this.leadingTags = leadingTags
    this.writer = writer
    this.writtenTo = start
    this.#fragmentNumber = formatFragmentNumber(number)
  }

  get acknowledged(): AcknowledgedFragment {
    return { timecode: this.timecode, fragmentNumber: this.#fragmentNumber }
  }
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
