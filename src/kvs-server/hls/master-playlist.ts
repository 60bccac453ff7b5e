import type { CodecConfig } from '../../media/codec/codec-config.js'
import type { PlaylistEntry } from './playlist-entry.js'

export interface MasterPlaylistOptions {
  readonly token: string
  /** Of the tracks, in order. */
  readonly configs: readonly CodecConfig[]
  /** The entries whose bit rate is given. */
  readonly entries: readonly PlaylistEntry[]
}

/** One variant; where there is sound beside the picture it is a rendition of its own (RFC 8216, 4.3.4). */
export function writeMasterPlaylist({ token, configs, entries }: MasterPlaylistOptions): string {
  const hasRendition = configs.length > 1
  const uri = (track: number) => `getHLSMediaPlaylist.m3u8?SessionToken=${token}&TrackNumber=${track}`
  const attributes = [
    `CODECS="${configs.map(({ rfc6381 }) => rfc6381).join(',')}"`,
    ...pictureAttributes(configs[0], entries[0]),
    `BANDWIDTH=${peakBitRate(entries)}`,
    ...(hasRendition ? ['AUDIO="audio"'] : []),
  ]
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    // The service also says FORCED=NO, which the RFC has for subtitles only.
    ...(hasRendition ? [`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",AUTOSELECT=YES,DEFAULT=YES,URI="${uri(2)}"`] : []),
    `#EXT-X-STREAM-INF:${attributes.join(',')}`,
    uri(1),
  ]
  return `${lines.join('\n')}\n`
}

function pictureAttributes(config: CodecConfig | undefined, entry: PlaylistEntry | undefined): string[] {
  if (config?.kind !== 'video' || entry === undefined) return []
  const size = config.width > 0 && config.height > 0 ? [`RESOLUTION=${config.width}x${config.height}`] : []
  const frameRate = Math.round((entry.frames * 1_000_000) / entry.durationMs) / 1000
  return [...size, `FRAME-RATE=${frameRate}`]
}

/** Bits a second of the entry that has most of them, both tracks together. */
function peakBitRate(entries: readonly PlaylistEntry[]): number {
  return entries.reduce((peak, { sizeBytes, durationMs }) => Math.max(peak, Math.ceil((sizeBytes * 8000) / durationMs)), 1)
}
