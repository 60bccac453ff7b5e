import { box } from '../box.js'
import { concat } from '../bytes.js'
import { MalformedMedia } from '../malformed-media.js'
import type { MatroskaVideo } from '../matroska/video-track.js'
import type { VideoConfig } from './codec-config.js'
import { toPicture } from './picture.js'
import { visualSampleEntry } from './sample-entry.js'
import type { Sps } from './sps.js'

interface VideoParts {
  readonly codec: VideoConfig['codec']
  readonly type: 'avc1' | 'hvc1'
  /** Contents of `avcC` or `hvcC`. */
  readonly configuration: Uint8Array
  readonly video: MatroskaVideo | null
  readonly readSps: () => Sps
  readonly rfc6381: string
  readonly lengthSize: number
}

/** The size, shape and colours of a picture, from its SPS and its container, with its configuration record. */
export function toVideoConfig({ codec, type, configuration, video, readSps, rfc6381, lengthSize }: VideoParts): VideoConfig {
  const sps = orNull(readSps)
  const { boxes, width, height, shown, matrix } = toPicture(video, sps)
  const record = box(type === 'avc1' ? 'avcC' : 'hvcC', configuration)
  const sampleEntry = visualSampleEntry(type, { width, height }, concat([record, boxes]))
  return { kind: 'video', codec, rfc6381, sampleEntry, width, height, shown, matrix, frameRate: sps?.frameRate ?? null, lengthSize }
}

/** Null for an unreadable SPS. Decoders may understand it, and the container may state the size of the picture, as on Kinesis Video. */
export function orNull(readSps: () => Sps): Sps | null {
  try {
    return readSps()
  } catch (error) {
    if (error instanceof MalformedMedia) return null
    throw error
  }
}

/** Uppercase hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('')
}
