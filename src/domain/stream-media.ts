import type { ClipIssue } from './clip-issue.js'

export interface VideoTrack {
  /** CodecID of Matroska. */
  readonly codecId: string
  /** RFC 6381, as complete as possible. */
  readonly codec: string
  /** Pixels. 0 if the producer does not declare them. */
  readonly width: number
  readonly height: number
  /** Frames per second. Null if unknown. */
  readonly frameRate: number | null
}

export interface AudioTrack {
  readonly codecId: string
  /** `mp4a.40.2`, `alaw` or `ulaw`, or as much as is known of another codec. */
  readonly codec: string
  readonly channels: number
  /** Hertz. */
  readonly sampleRate: number
}

/** The tracks of one fragment, and whether GetClip supports them. */
export interface StreamMedia {
  readonly video: VideoTrack
  readonly audio: AudioTrack | null
  /** Whether no issue has severity ERROR. */
  readonly clippable: boolean
  readonly issues: readonly ClipIssue[]
}
