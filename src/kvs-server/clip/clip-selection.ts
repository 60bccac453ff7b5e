// Which fragments a clip has: the rules of GetClip for its range, and its limits.
import type { EpochMs } from '../../lib/clock.js'
import { type Archive, retainedSince } from '../archive/archive.js'
import type { ArchivedFragment, FragmentRange } from '../archive/archived-fragment.js'
import { walkFragments } from '../archive/fragment-walk.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { AwsException } from '../wire/aws-exception.js'
import { withoutNewerRuns } from './without-newer-runs.js'

export const MAX_CLIP_SPAN_MS = 24 * 3_600_000
export const MAX_CLIP_FRAGMENTS = 200
/**
 * 100 MB, decimal as in the service's own sample, summed over the listed sizes of fragments so that a caller of ListFragments can predict it.
 * The fragment that would exceed the limit is left out.
 */
export const MAX_CLIP_BYTES = 100_000_000

/** Refuses ranges that no clip may have. By producer time only the order and the length of the range are checked. */
export function checkClipRange(stream: StreamRecord, { clock, startMs, endMs }: FragmentRange, now: EpochMs): void {
  if (endMs <= startMs) refuse(`End timestamp ${endMs} must be later than start timestamp ${startMs}.`)
  if (endMs - startMs > MAX_CLIP_SPAN_MS) refuse(`End timestamp ${endMs} must be within 24 hours of start timestamp ${startMs}.`)
  if (clock === 'producer') return
  if (endMs > now) refuse(`End timestamp ${endMs} must be in the past.`)
  const headMs = headOf(stream, now)
  if (endMs < headMs) refuseOutsideRetention('End', endMs)
  if (startMs < headMs) refuseOutsideRetention('Start', startMs)
}

/** The start of the footage that a stream can still have. */
export function headOf(stream: StreamRecord, now: EpochMs): EpochMs {
  return Math.max(stream.createdAtMs, retainedSince(stream, now))
}

/** The range lies before the retention period. GetClip and ListFragments use the same text. */
export function refuseOutsideRetention(which: 'Start' | 'End', timestampMs: EpochMs): never {
  refuse(`${which} timestamp ${timestampMs} is outside of the stream retention period.`)
}

export function selectClipFragments(archive: Archive, stream: StreamRecord, range: FragmentRange): ArchivedFragment[] {
  const listed = walkFragments({ archive, stream, range })
  return limitClip(range.clock === 'producer' ? withoutNewerRuns(listed) : listed)
}

/** The first 200 fragments or 100 MB, whichever is less, but at least one. */
export function limitClip<Fragment extends { readonly sizeBytes: number }>(fragments: Iterable<Fragment>): Fragment[] {
  const taken: Fragment[] = []
  let bytes = 0
  for (const fragment of fragments) {
    bytes += fragment.sizeBytes
    if (bytes > MAX_CLIP_BYTES && taken.length > 0) break
    taken.push(fragment)
    if (taken.length === MAX_CLIP_FRAGMENTS) break
  }
  return taken
}

function refuse(message: string): never {
  throw new AwsException('InvalidArgumentException', message)
}
