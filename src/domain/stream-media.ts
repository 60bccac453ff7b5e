import type { ClipIssue } from './clip-issue.js'

export interface VideoTrack {
  /** CodecID of Matroska. */
  readonly codecId: string
  /** RFC 6381; as much of it as can be told. */
  readonly codec: string
  /** Pixels; 0 where the producer does not tell. */
  readonly width: number
  readonly height: number
  /** Frames a second; null when unknown. */
  readonly frameRate: number | null
}

export interface AudioTrack {
  readonly codecId: string
  /** `mp4a.40.2`, `alaw` or `ulaw`; as much as can be told of others. */
  readonly codec: string
  readonly channels: number
  /** Hertz. */
  readonly sampleRate: number
}

/** What one fragment of a stream holds, and whether GetClip can make a clip of it. */
export interface StreamMedia {
  readonly video: VideoTrack
  readonly audio: AudioTrack | null
  /** No issue of severity ERROR is present. */
  readonly clippable: boolean
  readonly issues: readonly ClipIssue[]
}
