import type { FragmentRange } from '../archive/archived-fragment.js'
import type { StreamSelector } from '../archive/stream-table.js'
import { AwsException } from './aws-exception.js'
import { parseEnum, parseOptionalString, parseStructure, parseTimestamp, refuse, type StringRule, type WireInput } from './wire-input.js'

export const STREAM_NAME: StringRule = { min: 1, max: 256, pattern: /^[a-zA-Z0-9_.-]+$/ }
export const RESOURCE_ARN: StringRule = {
  min: 1,
  max: 1024,
  pattern: /^arn:[a-z\d-]+:kinesisvideo:[a-z0-9-]+:[0-9]+:[a-z]+\/[a-zA-Z0-9_.-]+\/[0-9]+$/,
}

export function parseStreamSelector(input: WireInput): StreamSelector {
  const name = parseOptionalString(input, 'StreamName', STREAM_NAME)
  const arn = parseOptionalStreamArn(input, 'StreamARN')
  if (name === null && arn === null) throw new AwsException('InvalidArgumentException', 'StreamName or StreamARN is required')
  return { name, arn }
}

/** The pattern of the model also accepts ARNs of signaling channels, which are not streams. */
export function parseOptionalStreamArn(input: WireInput, member: string): string | null {
  const arn = parseOptionalString(input, member, RESOURCE_ARN)
  if (arn !== null && !arn.includes(':stream/')) refuse(member, 'the ARN of a stream', arn)
  return arn
}

export const SELECTOR_TYPES = ['PRODUCER_TIMESTAMP', 'SERVER_TIMESTAMP'] as const

/** A FragmentSelector or ClipFragmentSelector: both are a clock and a range with both ends. */
export function parseFragmentSelector(selector: WireInput): FragmentRange {
  const type = parseEnum(selector, 'FragmentSelectorType', SELECTOR_TYPES)
  const range = parseStructure(selector, 'TimestampRange')
  return {
    clock: type === 'PRODUCER_TIMESTAMP' ? 'producer' : 'server',
    startMs: parseTimestamp(range, 'StartTimestamp'),
    endMs: parseTimestamp(range, 'EndTimestamp'),
  }
}

/** The name of the stream that a request is about, before its operation has checked the input. */
export function findStreamName(name: unknown, arn: unknown): string | null {
  if (typeof name === 'string') return name
  return typeof arn === 'string' ? (arn.split('/')[1] ?? null) : null
}
