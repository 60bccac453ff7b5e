import type { TrackMatrix } from '../track-matrix.js'
import type { Size } from './picture.js'

/** What a CodecPrivate comes to: all that an MP4 track, a manifest or a frame check needs to know of the codec. */
export type CodecConfig = VideoConfig | AudioConfig

export interface VideoConfig {
  readonly kind: 'video'
  readonly codec: 'h264' | 'h265'
  /** RFC 6381, section 3.3: `avc1.64001F`, `hvc1.1.6.L93.B0`. */
  readonly rfc6381: string
  /** The whole `avc1` or `hvc1` box. */
  readonly sampleEntry: Uint8Array
  /** Pixels, as the SPS says, or the track where the SPS cannot be read; 0 where neither does. */
  readonly width: number
  readonly height: number
  /** What `tkhd` says: how large the picture is shown, and how it is turned. */
  readonly shown: Size
  readonly matrix: TrackMatrix | null
  /** Frames a second as the SPS has it, which need not be true; null where it says nothing. */
  readonly frameRate: number | null
  /** Octets of the length before each NAL unit: 1, 2 or 4. */
  readonly lengthSize: number
}

export interface AudioConfig {
  readonly kind: 'audio'
  readonly codec: 'aac' | 'alaw' | 'ulaw'
  readonly rfc6381: string
  /** The whole `mp4a`, `alaw` or `ulaw` box. */
  readonly sampleEntry: Uint8Array
  /** Hertz, of what the frames hold (for HE-AAC: the core's rate). */
  readonly sampleRate: number
  readonly channels: number
  /** Sampling instants in one frame of AAC; 1 for G.711, where each is a sample by itself. */
  readonly samplesPerFrame: number
}
