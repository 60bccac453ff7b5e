import type { TrackMatrix } from '../track-matrix.js'
import type { Size } from './picture.js'

/** The parsed CodecPrivate, for MP4 tracks, HLS manifests and frame checks. */
export type CodecConfig = VideoConfig | AudioConfig

export interface VideoConfig {
  readonly kind: 'video'
  readonly codec: 'h264' | 'h265'
  /** RFC 6381, section 3.3: `avc1.64001F`, `hvc1.1.6.L93.B0`. */
  readonly rfc6381: string
  /** The whole `avc1` or `hvc1` box. */
  readonly sampleEntry: Uint8Array
  /** In pixels: from the SPS, or from the track if the SPS is unreadable; 0 if unknown. */
  readonly width: number
  readonly height: number
  /** Size and rotation for `tkhd`. */
  readonly shown: Size
  readonly matrix: TrackMatrix | null
  /** Frames per second according to the SPS, which may be wrong; null if unspecified. */
  readonly frameRate: number | null
  /** Octets of the length prefix of a NAL unit: 1, 2 or 4. */
  readonly lengthSize: number
}

export interface AudioConfig {
  readonly kind: 'audio'
  readonly codec: 'aac' | 'alaw' | 'ulaw'
  readonly rfc6381: string
  /** The whole `mp4a`, `alaw` or `ulaw` box. */
  readonly sampleEntry: Uint8Array
  /** In hertz. For HE-AAC, that of the core. */
  readonly sampleRate: number
  readonly channels: number
  /** Samples per channel in a frame of AAC; 1 for G.711. */
  readonly samplesPerFrame: number
}
