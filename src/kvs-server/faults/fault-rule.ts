// What POST /_faults accepts. A misspelt member is refused: a rule without effect would make a test pass by mistake.
import { EXCEPTION_STATUS, FOREIGN_STATUS } from '../wire/aws-exception.js'
import {
  parseEnum,
  parseInteger,
  parseOptionalInteger,
  parseOptionalString,
  parseString,
  parseStructure,
  refuse,
  refuseAbsent,
  type WireInput,
} from '../wire/wire-input.js'

export type Fault = ReturnType<(typeof PARSERS)[keyof typeof PARSERS]>

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
const ERROR_STATUS = { min: 400, max: 599 }
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

const PARSERS = {
  throttle: () => ({ kind: 'throttle' as const }),
  exception: (input: WireInput) => ({ kind: 'exception' as const, ...parseException(input) }),
  status: (input: WireInput) => ({ kind: 'status' as const, status: parseInteger(input, 'status', ERROR_STATUS) }),
  delay: (input: WireInput) => ({ kind: 'delay' as const, ms: parseInteger(input, 'ms', { min: 0, max: LONGEST_MS }) }),
  refuse: () => ({ kind: 'refuse' as const }),
  cut: (input: WireInput) => ({ kind: 'cut' as const, afterBytes: parseInteger(input, 'afterBytes', COUNT) }),
  stall: (input: WireInput) => ({ kind: 'stall' as const, afterBytes: parseInteger(input, 'afterBytes', COUNT) }),
  endless: () => ({ kind: 'endless' as const }),
  slow: (input: WireInput) => ({ kind: 'slow' as const, bytesPerSecond: parseInteger(input, 'bytesPerSecond', { ...COUNT, min: 1 }) }),
  wrongLength: (input: WireInput) => ({
    kind: 'wrongLength' as const,
    extraBytes: parseInteger(input, 'extraBytes', { ...COUNT, min: -COUNT.max }),
  }),
  corrupt: (input: WireInput) => ({
    kind: 'corrupt' as const,
    offset: parseInteger(input, 'offset', { ...COUNT, min: -FARTHEST_FROM_END }),
    length: parseOptionalInteger(input, 'length', { ...COUNT, min: 1 }) ?? 1,
  }),
  /** The defaults are what the service was observed to write for a missing fragment. */
  mediaException: (input: WireInput) => ({
    kind: 'mediaException' as const,
    code: parseOptionalString(input, 'code', { min: 1, max: 256 }) ?? 'FRAGMENT_NOT_FOUND',
    errorId: parseOptionalString(input, 'errorId', { pattern: /^\d{1,9}$/ }) ?? '3000',
  }),
  listLate: (input: WireInput) => ({ kind: 'listLate' as const, ms: parseInteger(input, 'ms', { min: 0, max: LONGEST_MS }) }),
}

export const FAULT_KINDS: readonly string[] = Object.keys(PARSERS)

function parseFault(input: WireInput): Fault {
  const kind = parseEnum(input, 'kind', FAULT_KINDS)
  const [, parse] = Object.entries(PARSERS).find(([name]) => name === kind) ?? refuseAbsent('kind')
  const fault = parse(input)
  refuseUnknown(input, Object.keys(fault))
  return fault
}

function parseException(input: WireInput): { readonly name: string; readonly status: number; readonly message: string } {
  const name = parseString(input, 'name', { min: 1, max: 100, pattern: /^[A-Za-z.]+$/ })
  const modelled = Object.entries({ ...EXCEPTION_STATUS, ...FOREIGN_STATUS }).find(([known]) => known === name)?.[1] ?? 400
  return {
    name,
    status: parseOptionalInteger(input, 'status', ERROR_STATUS) ?? modelled,
    message: parseOptionalString(input, 'message', { max: 1000 }) ?? `${name} by a fault rule`,
  }
}

function refuseUnknown(input: WireInput, known: readonly string[]): void {
  const unknown = Object.keys(input).find((member) => !known.includes(member))
  if (unknown !== undefined) refuse('a fault rule', `made of ${known.join(', ')}`, unknown)
}
