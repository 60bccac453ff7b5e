import type { EpochMs } from '../../lib/clock.js'
import type { Archive } from '../archive/archive.js'
import { type ArchivedFragment, timestampOf } from '../archive/archived-fragment.js'
import { parseFragmentNumber } from '../archive/fragment-number.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { parseEnum, parseString, parseTimestamp, refuse, type WireInput } from '../wire/wire-input.js'

export type MediaStart =
  | { readonly kind: 'now' }
  | { readonly kind: 'earliest' }
  | { readonly kind: 'after'; readonly fragmentNumber: string }
  | { readonly kind: 'at'; readonly clock: 'producer' | 'server'; readonly timestampMs: EpochMs }

const SELECTOR_TYPES = ['FRAGMENT_NUMBER', 'SERVER_TIMESTAMP', 'PRODUCER_TIMESTAMP', 'NOW', 'EARLIEST', 'CONTINUATION_TOKEN'] as const

export function parseMediaStart(selector: WireInput): MediaStart {
  switch (parseEnum(selector, 'StartSelectorType', SELECTOR_TYPES)) {
    case 'NOW':
      return { kind: 'now' }
    case 'EARLIEST':
      return { kind: 'earliest' }
    case 'FRAGMENT_NUMBER':
      return { kind: 'after', fragmentNumber: parseNumber(selector, 'AfterFragmentNumber') }
    // A token is the number of its fragment, as on AWS.
    case 'CONTINUATION_TOKEN':
      return { kind: 'after', fragmentNumber: parseNumber(selector, 'ContinuationToken') }
    case 'SERVER_TIMESTAMP':
      return { kind: 'at', clock: 'server', timestampMs: parseTimestamp(selector, 'StartTimestamp') }
    case 'PRODUCER_TIMESTAMP':
      return { kind: 'at', clock: 'producer', timestampMs: parseTimestamp(selector, 'StartTimestamp') }
  }
}

function parseNumber(selector: WireInput, member: string): string {
  const text = parseString(selector, member, { min: 1, max: 128, pattern: /^[a-zA-Z0-9_.-]+$/ })
  return parseFragmentNumber(text) === null ? refuse(member, 'a fragment number from an acknowledgement, a list or a tag', text) : text
}

/** The sequence before the first fragment to return. Null if the fragment to continue from does not exist or has expired. */
export function findStartSequence(archive: Archive, stream: StreamRecord, start: MediaStart): number | null {
  switch (start.kind) {
    case 'earliest':
      return -1
    case 'after':
      return archive.find(stream, start.fragmentNumber)?.sequence ?? null
    case 'now':
      return before(archive.findNewest(stream)) ?? -1
    case 'at':
      return before(findContaining(archive, stream, start)) ?? archive.findNewest(stream)?.sequence ?? -1
  }
}

/** The fragment that contains the instant, or the first that starts later. */
function findContaining(archive: Archive, stream: StreamRecord, start: Extract<MediaStart, { kind: 'at' }>): ArchivedFragment | null {
  const { clock, timestampMs } = start
  const found = archive.findAt(stream, clock, timestampMs)
  if (found !== null && timestampOf(found, clock) + found.lengthMs >= timestampMs) return found
  const range = { clock, startMs: timestampMs, endMs: Number.MAX_SAFE_INTEGER }
  return archive.list(stream, range, { limit: 1 })[0] ?? archive.findNext(stream, found?.sequence ?? -1)
}

function before(fragment: ArchivedFragment | null): number | null {
  return fragment === null ? null : fragment.sequence - 1
}
