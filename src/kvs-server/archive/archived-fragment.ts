import type { SampleTable } from '../../media/matroska/sample-table.js'
import type { FragmentRecord } from './fragment-record.js'

/** A fragment that can be read: its row of the index. */
export interface ArchivedFragment extends FragmentRecord {
  /** Grows with ingestion within a stream; the part of the fragment number by which fragments are ordered. */
  readonly sequence: number
  /** Its file, or its place in the host buffer. */
  readonly source: FragmentSource
  /** Length of that file: the Cluster, verbatim. */
  readonly clusterBytes: number
  /** Why its frames cannot be what their codec says (InvalidMediaFrame); null when nothing was found. */
  readonly frameFault: string | null
}

export type FragmentSource = { readonly kind: 'archived'; readonly fileId: number } | { readonly kind: 'buffered'; readonly path: string }

/** What is read only when a fragment is clipped or given back, and not when it is listed. */
export interface FragmentDetails {
  readonly samples: SampleTable
  /** Tags elements that the producer sent between the Cluster before it and this one. */
  readonly leadingTags: Uint8Array
  /** Tags elements that the producer sent right behind it. */
  readonly trailingTags: Uint8Array
}

/** A Matroska header and the run of fragments that share it. */
export interface MediaSession {
  readonly id: number
  readonly streamId: number
  /** From the EBML header to the byte before the first Cluster. */
  readonly header: Uint8Array
}
