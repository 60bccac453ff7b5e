import type { EpochMs } from '../lib/clock.js'
import type { ClipInput } from './clip.js'
import type { ClipIssue } from './clip-issue.js'
import { durationText, givenText, instantText, toError } from './clip-issue-text.js'
import { MAX_FILE_NAME_CHARACTERS, toSafeFileName } from './file-name.js'
import { KVS_LIMITS } from './limits.js'
import { isStreamArn, isStreamName, type StreamRef } from './stream-ref.js'
import type { TimeRange } from './time-range.js'

const MAX_RANGE_MS = KVS_LIMITS.maxRangeHours * 3_600_000

/** A ClipInput that passed all checks that need no call to Kinesis Video. */
export interface ClipRequest extends Pick<ClipInput, 'fragmentSelectorType' | 'cut' | 'overflow'> {
  readonly stream: StreamRef
  readonly range: TimeRange
  /** Safe, and ends in `.mp4`. Null if none was given. */
  readonly fileName: string | null
  readonly expiresInSeconds: number
}

export interface UrlLifetime {
  readonly defaultSeconds: number
  readonly maxSeconds: number
}

export type ParsedClipRequest =
  | { readonly request: ClipRequest; readonly issues: readonly [] }
  | { readonly request: null; readonly issues: readonly ClipIssue[] }

/** Returns all issues, in the order of the input fields. */
export function parseClipRequest(
  input: ClipInput,
  { nowMs, urlLifetime }: { readonly nowMs: EpochMs; readonly urlLifetime: UrlLifetime },
): ParsedClipRequest {
  const stream = parseStream(input)
  const fileName = parseFileName(input.fileName)
  const expiry = parseExpiry(input.expiresInSeconds, urlLifetime)
  const issues = [stream, rangeIssues(input, nowMs), fileName, expiry].filter((part) => Array.isArray(part)).flat()
  if (Array.isArray(stream) || Array.isArray(fileName) || Array.isArray(expiry) || issues.length > 0) return { request: null, issues }
  return {
    request: {
      stream,
      fragmentSelectorType: input.fragmentSelectorType,
      range: { startMs: input.startTimestamp, endMs: input.endTimestamp },
      cut: input.cut,
      overflow: input.overflow,
      fileName: fileName.name,
      expiresInSeconds: expiry.seconds,
    },
    issues: [],
  }
}

function parseStream({ streamName, streamArn }: ClipInput): StreamRef | ClipIssue[] {
  const name = streamName ?? null
  const arn = streamArn ?? null
  if (name !== null && arn !== null) {
    const message = `Give exactly one of streamName and streamArn, not both (got ${givenText(name)} and ${givenText(arn)}).`
    return [toError('STREAM_AMBIGUOUS', message, { path: ['streamArn'], hint: 'Omit one of them.' })]
  }
  if (name !== null) return isStreamName(name) ? { name } : [nameIssue(name)]
  if (arn !== null) return isStreamArn(arn) ? { arn } : [arnIssue(arn)]
  const hint = 'Query.streams lists the streams.'
  return [toError('STREAM_REQUIRED', 'Give exactly one of streamName and streamArn.', { path: ['streamName'], hint })]
}

function nameIssue(name: string): ClipIssue {
  const message = `streamName must have 1 to 256 of the characters a-z, A-Z, 0-9, "_", "." and "-" (got ${givenText(name)}).`
  const hint = name.startsWith('arn:') ? 'Use streamArn for an ARN.' : null
  return toError('STREAM_NAME_INVALID', message, { path: ['streamName'], hint })
}

function arnIssue(arn: string): ClipIssue {
  const message = `streamArn must have the form arn:aws:kinesisvideo:REGION:ACCOUNT:stream/NAME/NUMBER (got ${givenText(arn)}).`
  const hint = isStreamName(arn) ? 'Use streamName for a name.' : null
  return toError('STREAM_ARN_INVALID', message, { path: ['streamArn'], hint })
}

function rangeIssues(input: ClipInput, nowMs: EpochMs): ClipIssue[] {
  const { startTimestamp: start, endTimestamp: end } = input
  const path = ['endTimestamp']
  // Negated to refuse NaN too.
  if (!(end > start)) {
    const message = `The end must be later than the start (start ${instantText(start)}, end ${instantText(end)}).`
    return [toError('END_NOT_AFTER_START', message, { path }), ...futureIssues(input, nowMs)]
  }
  return [...lengthIssues({ startMs: start, endMs: end }), ...futureIssues(input, nowMs)]
}

function lengthIssues(range: TimeRange): ClipIssue[] {
  const lengthMs = range.endMs - range.startMs
  if (lengthMs <= MAX_RANGE_MS) return []
  const limit = `${KVS_LIMITS.maxRangeHours} hours`
  const message = `The end must be at most ${limit} after the start (got ${durationText(lengthMs)}).`
  const ranges = [{ startMs: range.startMs, endMs: range.startMs + MAX_RANGE_MS }]
  return [toError('RANGE_TOO_LONG', message, { path: ['endTimestamp'], hint: `Request ${limit} at a time.`, ranges })]
}

/** Only by server time. The clock of a producer may be fast. */
function futureIssues(input: ClipInput, nowMs: EpochMs): ClipIssue[] {
  const { startTimestamp: start, endTimestamp: end } = input
  if (input.fragmentSelectorType !== 'SERVER_TIMESTAMP' || !(end >= nowMs)) return []
  const message = `With SERVER_TIMESTAMP the end must be in the past (got ${instantText(end)}, and it is now ${instantText(nowMs)}).`
  const isStartPast = start < nowMs - 1
  return [
    toError('END_IN_FUTURE', message, {
      path: ['endTimestamp'],
      hint: isStartPast ? 'Request the range up to now, or retry when the end has passed.' : 'Retry when the end has passed.',
      ranges: isStartPast ? [{ startMs: start, endMs: nowMs - 1 }] : [],
      retryAfterMs: end - nowMs + 1,
    }),
  ]
}

function parseFileName(given: string | null | undefined): { readonly name: string | null } | ClipIssue[] {
  if (given === null || given === undefined) return { name: null }
  const path = ['fileName']
  const length = countCharacters(given)
  if (length > MAX_FILE_NAME_CHARACTERS) {
    const message = `fileName must have at most ${MAX_FILE_NAME_CHARACTERS} characters (got ${length}).`
    return [toError('FILE_NAME_INVALID', message, { path, hint: 'Use a shorter name, or omit it.' })]
  }
  const name = toSafeFileName(given)
  if (name !== null) return { name }
  const message = `fileName must have at least one character that file systems can store and display (got ${givenText(given)}).`
  return [toError('FILE_NAME_INVALID', message, { path, hint: 'Omit it to get a name made of the stream and the start.' })]
}

/** Code points. A text that is far too long is not iterated. */
function countCharacters(text: string): number {
  return text.length > 2 * MAX_FILE_NAME_CHARACTERS ? text.length : [...text].length
}

function parseExpiry(given: number | null | undefined, lifetime: UrlLifetime): { readonly seconds: number } | ClipIssue[] {
  if (given === null || given === undefined) return { seconds: lifetime.defaultSeconds }
  if (isExpiryAllowed(given, lifetime)) return { seconds: given }
  return [toExpiryIssue(given, lifetime)]
}

export function isExpiryAllowed(seconds: number, { maxSeconds }: UrlLifetime): boolean {
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= maxSeconds
}

export function toExpiryIssue(seconds: number, { defaultSeconds, maxSeconds }: UrlLifetime): ClipIssue {
  const message = `expiresInSeconds must be from 1 to ${maxSeconds} (got ${seconds}).`
  return toError('EXPIRY_OUT_OF_RANGE', message, { path: ['expiresInSeconds'], hint: `The default is ${defaultSeconds}.` })
}
