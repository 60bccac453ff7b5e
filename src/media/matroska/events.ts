import type { SampleTable } from './sample-table.js'
import type { MatroskaTrack } from './track.js'

/** Offsets in the upload: [start, end). */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** A SimpleTag of a Tags element (RFC 9559, section 5.1.8). */
export interface SimpleTag {
  readonly name: string
  readonly value: string
}

/** What the demuxer finds, in the order of the bytes. Events have ranges and no payloads. */
export type MatroskaEvent =
  /** An EBML document begins: at the start of the upload, and again if the producer starts over. */
  | { readonly kind: 'document'; readonly start: number }
  /**
   * The first Cluster begins. `header` is everything before it, from the EBML header on, and `bytes` is a copy. It includes Tags of the
   * producer, which Kinesis Video returns in their place with every fragment. They had 'tags' events before, because they also belong to
   * the first fragment.
   */
  | { readonly kind: 'tracks'; readonly header: ByteRange; readonly bytes: Uint8Array; readonly tracks: readonly MatroskaTrack[] }
  /**
   * A Tags element before, between or after Clusters. `tags` are those for the whole Segment. `hasPartTags`: whether there are others, for
   * a track, an edition, a chapter or an attachment.
   */
  | { readonly kind: 'tags'; readonly range: ByteRange; readonly tags: readonly SimpleTag[]; readonly hasPartTags: boolean }
  /** A Cluster begins. Its Timestamp is not known yet. */
  | { readonly kind: 'cluster-start'; readonly start: number }
  /** The Cluster's Timestamp in milliseconds. Once per Cluster. */
  | { readonly kind: 'cluster-timestamp'; readonly timestampMs: number }
  /** The Cluster ended. A Cluster of unknown size ends at the next element that is not its child, or with the upload. */
  | {
      readonly kind: 'cluster-end'
      readonly range: ByteRange
      readonly timestampMs: number
      readonly samples: SampleTable
      /** The first frame that the frame sink found invalid; null if there is none, or no sink. */
      readonly invalidFrame: InvalidFrame | null
    }

/** The first frame of a Cluster that is invalid for its codec. */
export interface InvalidFrame {
  /** TrackNumber. */
  readonly track: number
  readonly reason: string
}

/** Result for the payloads of a Cluster. */
export interface FrameFindings {
  /** Null if all frames are valid. */
  readonly invalid: InvalidFrame | null
  /** Indexes in the Cluster of frames that are H.264 recovery points and not IDR pictures. */
  readonly openGops: readonly number[]
}

/** Receives payloads while they pass through the demuxer, which skips them if there is no sink. */
export interface FrameSink {
  /** A block of `track` begins. The payloads of its frames, with these sizes, follow without gaps. */
  beginBlock(track: number, frameSizes: readonly number[]): void
  /** The next bytes [start, end) of the payloads. They are valid during this call. */
  payload(bytes: Uint8Array, start: number, end: number): void
  /** The frames of open GOPs that were found in the Cluster so far. */
  readonly openGops: readonly number[]
  /** The Cluster ended. Resets the sink. */
  endCluster(): FrameFindings
}

/** Called once per document, when its tracks are known. */
export type FrameSinkFactory = (tracks: readonly MatroskaTrack[]) => FrameSink
