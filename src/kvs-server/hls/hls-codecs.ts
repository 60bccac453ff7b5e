import type { CodecConfig } from '../../media/codec/codec-config.js'
import { readCodecs, refuseUnsupported } from '../clip/clip-codecs.js'
import type { SessionMedia } from '../clip/session-media.js'

/** H.264 or H.265 alone or with AAC, or AAC alone. */
const PLAYABLE: ReadonlySet<string> = new Set(['h264', 'h264+aac', 'h265', 'h265+aac', 'aac'])

/** The tracks' codecs in order. Refuses, as the service does, what no HLS player is given. */
export function checkHlsCodecs(media: SessionMedia): CodecConfig[] {
  if (media.tracks.length > 2) refuseUnsupported(media)
  const configs = readCodecs(media)
  if (!PLAYABLE.has(codecNames(configs))) refuseUnsupported(media)
  return configs
}

export function codecNames(configs: readonly CodecConfig[]): string {
  return configs.map(({ codec }) => codec).join('+')
}
