// The resources of an HLS session. A player requests them by GET, and the session token is the only authorization.
import { at } from '../../lib/at.js'
import type { EpochMs } from '../../lib/clock.js'
import type { Archive } from '../archive/archive.js'
import { type ArchivedFragment, timestampOf } from '../archive/archived-fragment.js'
import type { StreamRecord } from '../archive/stream-record.js'
import type { Quotas } from '../quotas/quotas.js'
import { AwsException } from '../wire/aws-exception.js'
import { type MediaAnswer, toMediaAnswer } from '../wire/operation.js'
import { parseText } from '../wire/wire-input.js'
import type { HlsPlaylists } from './hls-playlists.js'
import { checkHlsCodecs, type HlsSession, refuseEmpty } from './hls-session.js'
import { findPieces } from './segment-pieces.js'
import { buildInitFragment, buildSegment } from './track-fragments.js'
import { writeMasterPlaylist, writeMediaPlaylist } from './write-playlist.js'

export interface HlsServices {
  readonly archive: Archive
  readonly quotas: Quotas
  readonly hlsPlaylists: HlsPlaylists
}

export interface HlsCall {
  readonly session: HlsSession
  readonly stream: StreamRecord
  readonly token: string
  readonly query: URLSearchParams
}

export interface HlsAnswer extends MediaAnswer {
  /** How long a player may cache it. Null for playlists, which change. */
  readonly keptUntilMs: EpochMs | null
}

export interface HlsResource {
  /** The AWS name of the request. Quotas, metrics and fault rules use it. */
  readonly name: string
  readonly path: string
  readonly run: (call: HlsCall, services: HlsServices) => Promise<HlsAnswer> | HlsAnswer
}

export const HLS_RESOURCES: readonly HlsResource[] = [
  { name: 'GetHLSMasterPlaylist', path: '/hls/v1/getHLSMasterPlaylist.m3u8', run: getMasterPlaylist },
  { name: 'GetHLSMediaPlaylist', path: '/hls/v1/getHLSMediaPlaylist.m3u8', run: getMediaPlaylist },
  { name: 'GetMP4InitFragment', path: '/hls/v1/getMP4InitFragment.mp4', run: getInitFragment },
  { name: 'GetMP4MediaFragment', path: '/hls/v1/getMP4MediaFragment.mp4', run: getMediaFragment },
]

async function getMasterPlaylist({ session, stream, token }: HlsCall, { hlsPlaylists }: HlsServices): Promise<HlsAnswer> {
  const { entries } = await hlsPlaylists.view(session, stream)
  return toPlaylist(writeMasterPlaylist(token, checkHlsCodecs(at(entries, 0).media), entries))
}

async function getMediaPlaylist(call: HlsCall, { hlsPlaylists, quotas }: HlsServices): Promise<HlsAnswer> {
  const { session, stream, token } = call
  const trackNumber = parseTrackNumber(call)
  // The quota counts the entries that the playlist may have, not those that it has.
  quotas.charge(stream.id, { metadata: session.maxFragments })
  return toPlaylist(writeMediaPlaylist(await hlsPlaylists.view(session, stream), { session, token, trackNumber }))
}

async function getInitFragment(call: HlsCall, { archive, hlsPlaylists }: HlsServices): Promise<HlsAnswer> {
  const { session, stream, query } = call
  const trackNumber = parseTrackNumber(call)
  const sequenceNumber = query.get('SequenceNumber')
  const id =
    sequenceNumber === null
      ? at((await hlsPlaylists.view(session, stream)).entries, 0).mediaSessionId
      : toNumber(sequenceNumber, 'SequenceNumber')
  const mediaSession = archive.session(id)
  if (mediaSession === null || mediaSession.streamId !== stream.id) return refuseEmpty()
  return { ...buildInitFragment(mediaSession, session, trackNumber), keptUntilMs: session.expiresAtMs }
}

function getMediaFragment(call: HlsCall, { archive, quotas }: HlsServices): HlsAnswer {
  const { session, stream, query } = call
  const trackNumber = parseTrackNumber(call)
  const first = findFragment(call, archive, 'FragmentNumber')
  const last = query.get('LastFragmentNumber') === null ? first : findFragment(call, archive, 'LastFragmentNumber')
  const pieces = findPieces(archive, stream, { first, last }) ?? refuseEmpty()
  quotas.charge(stream.id, { media: pieces.length })
  return { ...buildSegment(archive, pieces, { session, stream, trackNumber }), keptUntilMs: session.expiresAtMs }
}

function findFragment({ session, stream, query }: HlsCall, archive: Archive, member: string): ArchivedFragment {
  const number = parseText(query.get(member), member, { min: 1, max: 128, pattern: /^[0-9]+$/ })
  const fragment = archive.find(stream, number)
  return fragment !== null && isInSession(fragment, session) ? fragment : refuseEmpty()
}

/** A session gives access only to the requested part of the stream. */
function isInSession(fragment: ArchivedFragment, { clock, startMs, endMs, originMs, firstSequence, mode }: HlsSession): boolean {
  if (fragment.source.kind === 'buffered' || fragment.sequence < firstSequence) return false
  const timestampMs = timestampOf(fragment, clock)
  const earliestMs = mode === 'LIVE' ? originMs : Math.max(startMs, originMs)
  return timestampMs >= earliestMs && timestampMs <= (endMs ?? Number.POSITIVE_INFINITY)
}

function parseTrackNumber({ session, query }: HlsCall): number {
  const tracks = session.codecs.split('+').length
  const trackNumber = toNumber(query.get('TrackNumber') ?? '1', 'TrackNumber')
  if (trackNumber >= 1 && trackNumber <= tracks) return trackNumber
  throw new AwsException('InvalidArgumentException', `TrackNumber must be from 1 to ${tracks} (got ${trackNumber})`)
}

function toNumber(text: string, member: string): number {
  return Number(parseText(text, member, { min: 1, max: 15, pattern: /^[0-9]+$/ }))
}

function toPlaylist(text: string): HlsAnswer {
  return { ...toMediaAnswer('application/vnd.apple.mpegurl', Buffer.from(text)), keptUntilMs: null }
}
