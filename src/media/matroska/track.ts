import type { MatroskaVideo } from './video-track.js'

/** What a TrackEntry says (RFC 9559, section 5.1.4.1), as far as a clip needs it. */
export interface MatroskaTrack {
  /** TrackNumber, as the blocks refer to it. */
  readonly number: number
  readonly type: 'video' | 'audio' | 'other'
  /** CodecID, cut at the first NUL and without trailing blanks: the AWS producer pads it to a fixed width. */
  readonly codecId: string
  /** CodecPrivate as sent; null when the track has none. */
  readonly codecPrivate: Uint8Array | null
  readonly video: MatroskaVideo | null
  readonly audio: { readonly sampleRate: number; readonly channels: number } | null
  /** CodecDelay: how much later than it is to be heard each block's time is. */
  readonly codecDelayNs: number
  /** DefaultDuration; null where the producer left it out. */
  readonly frameDurationNs: number | null
}
