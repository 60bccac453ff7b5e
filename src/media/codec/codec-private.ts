import { MalformedMedia } from '../malformed-media.js'
import type { MatroskaTrack } from '../matroska/track.js'
import { parseAacConfig } from './aac.js'
import type { CodecConfig } from './codec-config.js'
import { parseG711Config } from './g711.js'
import { parseH264Config } from './h264.js'
import { parseH265Config } from './h265.js'

/** Result for the codec of a track. 'missing' and 'invalid' are the MissingCodecPrivateData and InvalidCodecPrivateData of GetClip. */
export type CodecOutcome =
  | { readonly state: 'ready'; readonly config: CodecConfig }
  | { readonly state: 'missing' }
  | { readonly state: 'invalid'; readonly reason: string }
  /** Not H.264, H.265, AAC or G.711, or a codec ID that does not match the type of the track. */
  | { readonly state: 'unsupported' }

/** Reads CodecPrivate. Null if it names a codec outside the family of the codec ID. */
type ConfigParser = (track: MatroskaTrack, codecPrivate: Uint8Array) => CodecConfig | null

/** The second spelling of H.264 is a typo in AWS's API reference, and is accepted. */
const VIDEO_PARSERS: ReadonlyMap<string, ConfigParser> = new Map([
  ['V_MPEG4/ISO/AVC', (track, codecPrivate) => parseH264Config(codecPrivate, track.video)],
  ['V_MPEG/ISO/AVC', (track, codecPrivate) => parseH264Config(codecPrivate, track.video)],
  ['V_MPEGH/ISO/HEVC', (track, codecPrivate) => parseH265Config(codecPrivate, track.video)],
])

/** Checks CodecPrivate strictly and converts it to what an MP4 needs. */
export function parseCodecPrivate(track: MatroskaTrack): CodecOutcome {
  const parser = findParser(track)
  if (!parser) return { state: 'unsupported' }
  if (!track.codecPrivate) return { state: 'missing' }
  try {
    const config = parser(track, track.codecPrivate)
    return config ? { state: 'ready', config } : { state: 'unsupported' }
  } catch (error) {
    if (!(error instanceof MalformedMedia)) throw error
    return { state: 'invalid', reason: error.message }
  }
}

function findParser({ type, codecId }: Pick<MatroskaTrack, 'type' | 'codecId'>): ConfigParser | undefined {
  if (type === 'video') return VIDEO_PARSERS.get(codecId)
  if (type !== 'audio') return undefined
  // The AWS producer library also sends older IDs such as A_AAC/MPEG4/MAIN. CodecPrivate states the profile more precisely.
  if (codecId === 'A_AAC' || codecId.startsWith('A_AAC/MPEG')) return parseAac
  return codecId === 'A_MS/ACM' ? (_, codecPrivate) => parseG711Config(codecPrivate) : undefined
}

function parseAac(track: MatroskaTrack, codecPrivate: Uint8Array): CodecConfig {
  return parseAacConfig(codecPrivate, track.audio?.channels ?? 0)
}
