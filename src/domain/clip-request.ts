import type { EpochMs } from '../lib/clock.js'
import type { ClipCut, ClipInput, ClipOverflow } from './clip.js'
import type { ClipIssue } from './clip-issue.js'
import { durationText, givenText, instantText, toError } from './clip-issue-text.js'
import { MAX_FILE_NAME_CHARACTERS, toSafeFileName } from './file-name.js'
import { KVS_LIMITS } from './limits.js'
import { isStreamArn, isStreamName, type StreamRef } from './stream-ref.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

const MAX_RANGE_MS = KVS_LIMITS.maxRangeHours * 3_600_000

/** A ClipInput that keeps every rule which can be checked without asking Kinesis Video. */
export interface ClipRequest {
  readonly stream: StreamRef
  readonly fragmentSelectorType: FragmentSelectorType
  readonly range: TimeRange
  readonly cut: ClipCut
  readonly overflow: ClipOverflow
  /** Safe, ends in `.mp4`; null when none was given. */
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

/** Every issue at once, in the order of the input's fields. */
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
    const message = `Exactly one of streamName and streamArn is expected, both were given (${givenText(name)}, ${givenText(arn)}).`
    return [toError('STREAM_AMBIGUOUS', message, { path: ['streamArn'], hint: 'Leave one of them out.' })]
  }
  if (name !== null) return isStreamName(name) ? { name } : [nameIssue(name)]
  if (arn !== null) return isStreamArn(arn) ? { arn } : [arnIssue(arn)]
  const hint = 'Query.streams lists the streams there are.'
  return [
    toError('STREAM_REQUIRED', 'Exactly one of streamName and streamArn is expected, neither was given.', { path: ['streamName'], hint }),
  ]
}

function nameIssue(name: string): ClipIssue {
  const message = `A stream name is 1 to 256 of the characters a-z, A-Z, 0-9, "_", "." and "-", given was ${givenText(name)}.`
  const hint = name.startsWith('arn:') ? 'Give an ARN as streamArn.' : null
  return toError('STREAM_NAME_INVALID', message, { path: ['streamName'], hint })
}

function arnIssue(arn: string): ClipIssue {
  const message = `A stream ARN is written arn:aws:kinesisvideo:REGION:ACCOUNT:stream/NAME/NUMBER, given was ${givenText(arn)}.`
  const hint = isStreamName(arn) ? 'Give a name as streamName.' : null
  return toError('STREAM_ARN_INVALID', message, { path: ['streamArn'], hint })
}

function rangeIssues(input: ClipInput, nowMs: EpochMs): ClipIssue[] {
  const { startTimestamp: start, endTimestamp: end } = input
  const path = ['endTimestamp']
  // Negated, so that NaN is refused as well.
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
  const message = `The end must be at most ${limit} after the start, the range given is ${durationText(lengthMs)} long.`
  const ranges = [{ startMs: range.startMs, endMs: range.startMs + MAX_RANGE_MS }]
  return [toError('RANGE_TOO_LONG', message, { path: ['endTimestamp'], hint: `Ask for ${limit} at a time.`, ranges })]
}

/** Producer clocks may run ahead, so only server time has a future. */
function futureIssues(input: ClipInput, nowMs: EpochMs): ClipIssue[] {
  const { startTimestamp: start, endTimestamp: end } = input
  if (input.fragmentSelectorType !== 'SERVER_TIMESTAMP' || !(end >= nowMs)) return []
  const message = `With SERVER_TIMESTAMP the end must be in the past, it is ${instantText(end)} and now is ${instantText(nowMs)}.`
  const isStartPast = start < nowMs - 1
  return [
    toError('END_IN_FUTURE', message, {
      path: ['endTimestamp'],
      hint: isStartPast ? 'Ask for what there is, or again when the end has passed.' : 'Ask again when the end has passed.',
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
    const message = `A file name has at most ${MAX_FILE_NAME_CHARACTERS} characters, the one given has ${length}.`
    return [toError('FILE_NAME_INVALID', message, { path, hint: 'Give a shorter one, or none.' })]
  }
  const name = toSafeFileName(given)
  if (name !== null) return { name }
  const message = `A file name needs at least one character that can be shown and stored, given was ${givenText(given)}.`
  return [toError('FILE_NAME_INVALID', message, { path, hint: 'Leave it out, and one is made from the stream and the start.' })]
}

/** Code points; a text far too long is not walked through. */
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
  const message = `expiresInSeconds must be from 1 to ${maxSeconds}, given was ${seconds}.`
  return toError('EXPIRY_OUT_OF_RANGE', message, { path: ['expiresInSeconds'], hint: `Left out, it is ${defaultSeconds}.` })
}
