import { randomBytes } from 'node:crypto'
import type { EpochMs } from '../../lib/clock.js'
import type { Archive } from '../archive/archive.js'
import { type ArchivedFragment, timestampOf } from '../archive/archived-fragment.js'
import { walkBack, walkFragments } from '../archive/fragment-walk.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { checkClipRange, headOf, refuseOutsideRetention } from '../clip/clip-selection.js'
import { sessionMedia } from '../clip/session-media.js'
import { AwsException } from '../wire/aws-exception.js'
import type { HlsRequest } from './hls-request.js'
import { checkHlsCodecs, codecNames, type HlsSession, refuseEmpty } from './hls-session.js'
import { leadTrackOf, splitAtKey } from './segment-pieces.js'
import { withoutOlderDuplicates } from './session-playlist.js'

/** A live session needs footage that is at most this old. It does not start before a longer gap. */
const LIVE_MS = 30_000
/** A segment may consist of many fragments without a key frame. */
const MAX_WALKED = 10_000

export interface SessionPlace {
  readonly archive: Archive
  readonly stream: StreamRecord
  readonly now: EpochMs
}

/** @throws AwsException if the session would have nothing to play */
export function createHlsSession(request: HlsRequest, place: SessionPlace): HlsSession {
  const { archive, stream, now } = place
  if (stream.dataRetentionInHours === 0) {
    throw new AwsException('NoDataRetentionException', `The stream ${stream.name} does not retain data.`)
  }
  const first = findFirst(request, place) ?? refuseEmpty()
  const configs = checkHlsCodecs(sessionMedia(archive.session(first.sessionId) ?? refuseEmpty()))
  const { mode, clock, range, discontinuityMode, showsTimestamps, maxFragments } = request
  return {
    id: randomBytes(12).toString('hex'),
    streamId: stream.id,
    ...{ mode, clock, discontinuityMode, showsTimestamps, maxFragments },
    startMs: range?.startMs ?? first.serverTimestampMs,
    endMs: range?.endMs ?? null,
    firstSequence: range === null ? first.sequence : 0,
    createdAtMs: now,
    expiresAtMs: now + request.expiresInSeconds * 1000,
    originMs: timestampOf(first, clock),
    codecs: codecNames(configs),
  }
}

function findFirst({ range, clock, maxFragments }: HlsRequest, { archive, stream, now }: SessionPlace): ArchivedFragment | null {
  if (range === null) return findLiveStart({ archive, stream, now }, { clock, maxFragments })
  checkRange(stream, { ...range, clock }, now)
  const listed = walkFragments({ archive, stream, range: { clock, startMs: range.startMs, endMs: range.endMs ?? Number.MAX_SAFE_INTEGER } })
  for (const fragment of clock === 'producer' ? withoutOlderDuplicates(listed) : listed) return fragment
  return null
}

/** The rules of GetClip. A replay may also have no end. */
function checkRange(
  stream: StreamRecord,
  { clock, startMs, endMs }: { clock: HlsSession['clock']; startMs: EpochMs; endMs: EpochMs | null },
  now: EpochMs,
): void {
  if (endMs !== null) checkClipRange(stream, { clock, startMs, endMs }, now)
  else if (clock === 'server' && startMs < headOf(stream, now)) refuseOutsideRetention('Start', startMs)
}

/**
 * The newest fragments, as many as the playlist holds, so that a player can start at once. Stops where the clock goes back between two
 * fragments: the older ones would delay the newer ones.
 */
function findLiveStart(
  { archive, stream, now }: SessionPlace,
  { clock, maxFragments }: Pick<HlsRequest, 'clock' | 'maxFragments'>,
): ArchivedFragment | null {
  const newest = archive.findNewest(stream)
  if (newest === null || newest.serverTimestampMs + newest.lengthMs < now - LIVE_MS) return null
  let first: ArchivedFragment | null = null
  let [taken, walked] = [0, 0]
  for (const before of walkBack({ archive, stream }, newest)) {
    if (first !== null && !leadsTo(first, before, clock)) break
    first = before
    walked += 1
    if (hasKeyFrame(archive, before)) taken += 1
    if (taken === maxFragments || walked === MAX_WALKED) break
  }
  return first
}

/** Each fragment with a key frame begins a segment. */
function hasKeyFrame(archive: Archive, fragment: ArchivedFragment): boolean {
  const samples = archive.details(fragment)?.samples
  return samples !== undefined && splitAtKey(samples, leadTrackOf(archive, fragment)) !== null
}

function leadsTo(after: ArchivedFragment, before: ArchivedFragment, clock: HlsSession['clock']): boolean {
  if (after.serverTimestampMs - before.serverTimestampMs - before.lengthMs > LIVE_MS) return false
  return clock === 'server' || before.producerTimestampMs < after.producerTimestampMs
}
