import { MalformedMedia } from '../malformed-media.js'
import type { MatroskaTrack } from '../matroska/track.js'
import { parseAacConfig } from './aac.js'
import type { CodecConfig } from './codec-config.js'
import { parseG711Config } from './g711.js'
import { parseH264Config } from './h264.js'
import { parseH265Config } from './h265.js'

/** What can be said of a track's codec. The middle two are GetClip's MissingCodecPrivateData and InvalidCodecPrivateData. */
export type CodecOutcome =
  | { readonly state: 'ready'; readonly config: CodecConfig }
  | { readonly state: 'missing' }
  | { readonly state: 'invalid'; readonly reason: string }
  /** Neither H.264 nor H.265, AAC nor G.711; or a type of track that its codec id contradicts. */
  | { readonly state: 'unsupported' }

/** Reads CodecPrivate; null where it names a codec outside the family of its codec id. */
type ConfigParser = (track: MatroskaTrack, codecPrivate: Uint8Array) => CodecConfig | null

/** The second spelling of H.264 is a slip of AWS's API text, taken as the real one. */
const VIDEO_PARSERS: ReadonlyMap<string, ConfigParser> = new Map([
  ['V_MPEG4/ISO/AVC', (track, codecPrivate) => parseH264Config(codecPrivate, track.video)],
  ['V_MPEG/ISO/AVC', (track, codecPrivate) => parseH264Config(codecPrivate, track.video)],
  ['V_MPEGH/ISO/HEVC', (track, codecPrivate) => parseH265Config(codecPrivate, track.video)],
])

/** Whether the codec id by itself, CodecPrivate unseen, is one that can go into an MP4. */
export function isSupportedCodecId(track: Pick<MatroskaTrack, 'type' | 'codecId'>): boolean {
  return findParser(track) !== undefined
}

/** Checks CodecPrivate strictly and turns it into what an MP4 needs. */
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
  // The AWS producer library knows A_AAC/MPEG4/MAIN too: the older ids, whose profile CodecPrivate says better.
  if (codecId === 'A_AAC' || codecId.startsWith('A_AAC/MPEG')) return parseAac
  return codecId === 'A_MS/ACM' ? (_, codecPrivate) => parseG711Config(codecPrivate) : undefined
}

function parseAac(track: MatroskaTrack, codecPrivate: Uint8Array): CodecConfig {
  return parseAacConfig(codecPrivate, track.audio?.channels ?? 0)
}
