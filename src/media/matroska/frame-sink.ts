import type { MatroskaTrack } from './track.js'

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
