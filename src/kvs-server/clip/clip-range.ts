import type { EpochMs } from '../../lib/clock.js'
import { type FragmentRange, retainedSince } from '../archive/archive.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { AwsException } from '../aws-exception.js'
import { refuseOutsideRetention } from '../stream-checks.js'

export const MAX_CLIP_SPAN_MS = 24 * 3_600_000

/** Refuses ranges that no clip may have. By producer time only the order and the length of the range are checked. */
export function checkClipRange(stream: StreamRecord, { clock, startMs, endMs }: FragmentRange, now: EpochMs): void {
  if (endMs <= startMs) refuse(`End timestamp ${endMs} must be later than start timestamp ${startMs}.`)
  if (endMs - startMs > MAX_CLIP_SPAN_MS) refuse(`End timestamp ${endMs} must be within 24 hours of start timestamp ${startMs}.`)
  if (clock === 'producer') return
  if (endMs > now) refuse(`End timestamp ${endMs} must be in the past.`)
  const headMs = Math.max(stream.createdAtMs, retainedSince(stream, now))
  if (endMs < headMs) refuseOutsideRetention('End', endMs)
  if (startMs < headMs) refuseOutsideRetention('Start', startMs)
}

function refuse(message: string): never {
  throw new AwsException('InvalidArgumentException', message)
}
