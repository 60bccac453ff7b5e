import type { HlsSession } from './hls-session.js'
import type { PlaylistEntry, PlaylistView } from './playlist-entry.js'

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
    // 7: initialization fragments for media other than I-frames, and what describes them.
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
