import type { CodecConfig } from '../../media/codec/codec-config.js'
import type { HlsSession } from './hls-session.js'
import type { PlaylistEntry, PlaylistView } from './playlist-entry.js'

/** One variant, for tracks with these codecs. Audio beside video is a rendition of its own (RFC 8216, 4.3.4). */
export function writeMasterPlaylist(token: string, configs: readonly CodecConfig[], entries: readonly PlaylistEntry[]): string {
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
    // The service also writes FORCED=NO, which the RFC defines for subtitles only.
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

/** The highest bit rate of an entry, both tracks together. */
function peakBitRate(entries: readonly PlaylistEntry[]): number {
  return entries.reduce((peak, { sizeBytes, durationMs }) => Math.max(peak, Math.ceil((sizeBytes * 8000) / durationMs)), 1)
}

export interface MediaPlaylistOptions {
  readonly session: HlsSession
  readonly token: string
  /** From 1. */
  readonly trackNumber: number
}

/** The media playlist of one track (RFC 8216, 4.3.3), its tags in the order in which the service was seen to write them. */
export function writeMediaPlaylist(view: PlaylistView, options: MediaPlaylistOptions): string {
  const { mode } = options.session
  const { entries, removed, discontinuitiesRemoved, isComplete } = view
  const lines = [
    '#EXTM3U',
    // Version 7 is required for EXT-X-MAP with media other than I-frames.
    '#EXT-X-VERSION:7',
    ...(mode === 'ON_DEMAND' ? ['#EXT-X-PLAYLIST-TYPE:VOD'] : []),
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.round(view.longestMs / 1000))}`,
    // As observed: from 1 on demand, from 0 live.
    `#EXT-X-MEDIA-SEQUENCE:${mode === 'ON_DEMAND' ? 1 : removed}`,
    ...(discontinuitiesRemoved > 0 ? [`#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuitiesRemoved}`] : []),
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...entries.flatMap((entry, index) => writeEntry(entry, entries[index - 1], options)),
    ...(isComplete ? ['#EXT-X-ENDLIST'] : []),
  ]
  return `${lines.join('\n')}\n`
}

function writeEntry(
  entry: PlaylistEntry,
  before: PlaylistEntry | undefined,
  { session, token, trackNumber }: MediaPlaylistOptions,
): string[] {
  const lines: string[] = []
  if (before !== undefined && entry.isDiscontinuous) lines.push('#EXT-X-DISCONTINUITY')
  if (before?.initVersions[trackNumber - 1] !== entry.initVersions[trackNumber - 1]) {
    const init = `getMP4InitFragment.mp4?SessionToken=${token}&TrackNumber=${trackNumber}&SequenceNumber=${entry.mediaSessionId}`
    lines.push(`#EXT-X-MAP:URI="${init}"`)
  }
  if (session.showsTimestamps) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(entry.timestampMs).toISOString()}`)
  lines.push(`#EXTINF:${entry.durationMs / 1000},`)
  const { fragmentNumber, lastFragmentNumber } = entry
  const more = lastFragmentNumber === fragmentNumber ? '' : `&LastFragmentNumber=${lastFragmentNumber}`
  lines.push(`getMP4MediaFragment.mp4?FragmentNumber=${fragmentNumber}&SessionToken=${token}&TrackNumber=${trackNumber}${more}`)
  return lines
}
