import { box } from '../box.js'
import { concat } from '../bytes.js'
import { MalformedMedia } from '../malformed-media.js'
import type { MatroskaVideo } from '../matroska/video-track.js'
import type { VideoConfig } from './codec-config.js'
import { toPicture } from './picture.js'
import { visualSampleEntry } from './sample-entry.js'
import type { Sps } from './sps.js'

interface Parts {
  readonly codec: VideoConfig['codec']
  readonly type: 'avc1' | 'hvc1'
  /** Contents of `avcC` or `hvcC`. */
  readonly configuration: Uint8Array
  readonly video: MatroskaVideo | null
  readonly readSps: () => Sps
  readonly rfc6381: string
  readonly lengthSize: number
}

/** A picture's size, shape and colours, of the SPS and of the container, with its configuration record. */
export function toVideoConfig({ codec, type, configuration, video, readSps, rfc6381, lengthSize }: Parts): VideoConfig {
  const sps = orNull(readSps)
  const { boxes, width, height, shown, matrix } = toPicture(video, sps)
  const record = box(type === 'avc1' ? 'avcC' : 'hvcC', configuration)
  const sampleEntry = visualSampleEntry(type, { width, height }, concat([record, boxes]))
  return { kind: 'video', codec, rfc6381, sampleEntry, width, height, shown, matrix, frameRate: sps?.frameRate ?? null, lengthSize }
}

/** What cannot be read is left to decoders, as Kinesis Video does: the container may still say how large the picture is. */
export function orNull(readSps: () => Sps): Sps | null {
  try {
    return readSps()
  } catch (error) {
    if (error instanceof MalformedMedia) return null
    throw error
  }
}
