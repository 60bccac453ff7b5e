import type { SampleTable } from './sample-table.js'
import type { MatroskaTrack } from './track.js'

/** Bytes of the upload, counted from its first: [start, end). */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** A SimpleTag of a Tags element (RFC 9559, section 5.1.8). */
export interface SimpleTag {
  readonly name: string
  readonly value: string
}

/** What the demuxer finds, in the order of the bytes. It never holds or copies a payload: ranges tell where things are. */
export type MatroskaEvent =
  /** A new EBML document begins here: at the first byte of the upload, and again where a producer starts over. */
  | { readonly kind: 'document'; readonly start: number }
  /**
   * All that stands before the first Cluster is known: `header` runs from the EBML header to the last byte before the first
   * Cluster. `bytes` is that range, copied as it came, the producer's own Tags included (headers are small, and are stored once a
   * session): Kinesis Video gives them back in their place with every fragment. Those Tags have had their 'tags' events before this
   * one, because they also count as the first fragment's.
   */
  | { readonly kind: 'tracks'; readonly header: ByteRange; readonly bytes: Uint8Array; readonly tracks: readonly MatroskaTrack[] }
  /**
   * A Tags element at level 1: before, between or after Clusters. `tags` are those about the whole Segment; `hasPartTags` says whether
   * there were others, about a track, an edition, a chapter or an attachment.
   */
  | { readonly kind: 'tags'; readonly range: ByteRange; readonly tags: readonly SimpleTag[]; readonly hasPartTags: boolean }
  /** The first byte of a Cluster has been seen; its Timestamp is not known yet. */
  | { readonly kind: 'cluster-start'; readonly start: number }
  /** The Cluster's Timestamp in milliseconds (the TimestampScale is applied). Sent once a Cluster, before its `cluster-end`. */
  | { readonly kind: 'cluster-timestamp'; readonly timestampMs: number }
  /** The Cluster is over. A Cluster of unknown size ends at the next element that is not its child, or at the end of the upload. */
  | {
      readonly kind: 'cluster-end'
      readonly range: ByteRange
      readonly timestampMs: number
      readonly samples: SampleTable
      /** What the frame sink, if there is one, says of the payloads; null where nothing is wrong or nobody looked. */
      readonly invalidFrame: InvalidFrame | null
    }

/** The first frame of a Cluster that its codec cannot take. */
export interface InvalidFrame {
  /** TrackNumber. */
  readonly track: number
  readonly reason: string
}

/** What was found in the payloads of a Cluster. */
export interface FrameFindings {
  /** Null where all frames are as their codec wants them. */
  readonly invalid: InvalidFrame | null
  /** Numbers of the frames, from 0 in the order of the Cluster, that are H.264 recovery points without being IDR pictures. */
  readonly openGops: readonly number[]
}

/**
 * Whoever wants to look at payloads while they pass through the demuxer. The demuxer itself does not: without a sink it steps over
 * them by arithmetic.
 */
export interface FrameSink {
  /** A block of `track` begins; its frames' payloads, of these sizes, follow without a gap. */
  beginBlock(track: number, frameSizes: readonly number[]): void
  /** The next bytes [start, end) of the block's payload. They are the pushed chunk's own bytes, good for the length of this call. */
  payload(bytes: Uint8Array, start: number, end: number): void
  /** The frames of open GOPs that were found in the Cluster so far. */
  readonly openGops: readonly number[]
  /** The Cluster is over. The sink starts afresh. */
  endCluster(): FrameFindings
}

/** Asked once a document, when its tracks are known. */
export type FrameSinkFactory = (tracks: readonly MatroskaTrack[]) => FrameSink
