// What POST /_faults accepts. A misspelt member is refused: a rule without effect would make a test pass by mistake.
import { EXCEPTION_STATUS, FOREIGN_STATUS } from '../wire/aws-exception.js'
import type { WireInput } from '../wire/operation.js'
import {
  parseEnum,
  parseInteger,
  parseOptionalInteger,
  parseOptionalString,
  parseString,
  parseStructure,
  refuse,
} from '../wire/wire-input.js'

/** The effect of a rule. */
export type Fault =
  | { readonly kind: 'throttle' }
  | { readonly kind: 'exception'; readonly name: string; readonly status: number; readonly message: string }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'stall'; readonly afterBytes: number }
  | { readonly kind: 'endless' }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  | { readonly kind: 'wrongLength'; readonly extraBytes: number }
  | { readonly kind: 'corrupt'; readonly offset: number; readonly length: number }
  | { readonly kind: 'mediaException'; readonly code: string; readonly errorId: string }
  | { readonly kind: 'listLate'; readonly ms: number }

export type FaultKind = Fault['kind']

export interface FaultRule {
  /** Null: every operation. */
  readonly operation: string | null
  /** A stream's name; null: every stream, and requests that name none. */
  readonly stream: string | null
  /** The number of matching requests to skip first. */
  readonly after: number
  /** Then applies to every n-th request. */
  readonly every: number
  /** The most times that it applies; null: no limit. */
  readonly times: number | null
  readonly probability: number
  readonly fault: Fault
}

const MEMBERS = ['operation', 'stream', 'after', 'every', 'times', 'probability', 'fault']
const LONGEST_MS = 3_600_000
/** If the length of a body is unknown, this many of its last bytes are held back. */
const FARTHEST_FROM_END = 16_777_216
const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER }

export function parseFaultRule(input: WireInput, operations: readonly string[]): FaultRule {
  refuseUnknown(input, MEMBERS)
  const operation = parseOptionalString(input, 'operation')
  if (operation !== null && !operations.includes(operation)) refuse('operation', 'the name of an operation that this server has', operation)
  const fault = parseFault(parseStructure(input, 'fault'))
  refuseWithout(fault, operation)
  return {
    operation,
    stream: parseOptionalString(input, 'stream', { min: 1, max: 256 }),
    after: parseOptionalInteger(input, 'after', COUNT) ?? 0,
    every: parseOptionalInteger(input, 'every', { ...COUNT, min: 1 }) ?? 1,
    times: parseOptionalInteger(input, 'times', { ...COUNT, min: 1 }),
    probability: parseProbability(input),
    fault,
  }
}

/** Responses without a Content-Length, which cannot have a wrong one. */
const WITHOUT_LENGTH = ['PutMedia', 'GetMedia', 'GetMediaForFragmentList']
/** Responses that report an exception inside the media. */
const IN_MATROSKA = ['GetMedia', 'GetMediaForFragmentList']

function refuseWithout({ kind }: Fault, operation: string | null): void {
  if (operation === null) return
  if (kind === 'listLate' && operation !== 'ListFragments')
    refuse('operation', 'ListFragments or left out, for fragments listed late', operation)
  if (kind === 'mediaException' && !IN_MATROSKA.includes(operation)) refuse('operation', IN_MATROSKA.join(' or '), operation)
  if (kind === 'wrongLength' && WITHOUT_LENGTH.includes(operation)) refuse('operation', 'one whose answers announce a length', operation)
}

function parseProbability(input: WireInput): number {
  const value = input.probability ?? 1
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : refuse('probability', 'a number from 0 to 1', value)
}

const PARSERS: { readonly [Kind in FaultKind]: (input: WireInput) => Fault } = {
  throttle: () => ({ kind: 'throttle' }),
  exception: parseException,
  status: (input) => ({ kind: 'status', status: parseInteger(input, 'status', { min: 400, max: 599 }) }),
  delay: (input) => ({ kind: 'delay', ms: parseInteger(input, 'ms', { min: 0, max: LONGEST_MS }) }),
  refuse: () => ({ kind: 'refuse' }),
  cut: (input) => ({ kind: 'cut', afterBytes: parseInteger(input, 'afterBytes', COUNT) }),
  stall: (input) => ({ kind: 'stall', afterBytes: parseInteger(input, 'afterBytes', COUNT) }),
  endless: () => ({ kind: 'endless' }),
  slow: (input) => ({ kind: 'slow', bytesPerSecond: parseInteger(input, 'bytesPerSecond', { ...COUNT, min: 1 }) }),
  wrongLength: (input) => ({ kind: 'wrongLength', extraBytes: parseInteger(input, 'extraBytes', { ...COUNT, min: -COUNT.max }) }),
  corrupt: parseCorruption,
  mediaException: parseMediaException,
  listLate: (input) => ({ kind: 'listLate', ms: parseInteger(input, 'ms', { min: 0, max: LONGEST_MS }) }),
}

export const FAULT_KINDS: readonly FaultKind[] = [
  'throttle',
  'exception',
  'status',
  'delay',
  'refuse',
  'cut',
  'stall',
  'endless',
  'slow',
  'wrongLength',
  'corrupt',
  'mediaException',
  'listLate',
]

function parseFault(input: WireInput): Fault {
  const fault = PARSERS[parseEnum(input, 'kind', FAULT_KINDS)](input)
  refuseUnknown(input, [...Object.keys(fault), ...(fault.kind === 'exception' ? ['status'] : [])])
  return fault
}

function parseException(input: WireInput): Fault {
  const name = parseString(input, 'name', { min: 1, max: 100, pattern: /^[A-Za-z.]+$/ })
  const modelled = Object.entries({ ...EXCEPTION_STATUS, ...FOREIGN_STATUS }).find(([known]) => known === name)?.[1] ?? 400
  return {
    kind: 'exception',
    name,
    status: parseOptionalInteger(input, 'status', { min: 400, max: 599 }) ?? modelled,
    message: parseOptionalString(input, 'message', { max: 1000 }) ?? `${name} by a fault rule`,
  }
}

function parseCorruption(input: WireInput): Fault {
  return {
    kind: 'corrupt',
    offset: parseInteger(input, 'offset', { ...COUNT, min: -FARTHEST_FROM_END }),
    length: parseOptionalInteger(input, 'length', { ...COUNT, min: 1 }) ?? 1,
  }
}

/** The defaults are what the service was observed to write for a missing fragment. */
function parseMediaException(input: WireInput): Fault {
  return {
    kind: 'mediaException',
    code: parseOptionalString(input, 'code', { min: 1, max: 256 }) ?? 'FRAGMENT_NOT_FOUND',
    errorId: parseOptionalString(input, 'errorId', { pattern: /^\d{1,9}$/ }) ?? '3000',
  }
}

function refuseUnknown(input: WireInput, known: readonly string[]): void {
  const unknown = Object.keys(input).find((member) => !known.includes(member))
  if (unknown !== undefined) refuse('a fault rule', `made of ${known.join(', ')}`, unknown)
}
