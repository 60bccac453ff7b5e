// Parsers for the members of a request body. Clients check almost nothing (enumerations, patterns, maxima), so each error names the member, the
// allowed values and the given value. A null member counts as absent, as on AWS.
import type { EpochMs } from '../../lib/clock.js'
import { AwsException } from './aws-exception.js'

/** The JSON body of a request, before an operation has parsed it. */
export type WireInput = Readonly<Record<string, unknown>>

export interface StringRule {
  readonly min?: number
  readonly max?: number
  /** Anchored by the caller. */
  readonly pattern?: RegExp
}

export interface IntegerRule {
  readonly min: number
  readonly max: number
}

/** The years 1 to 9999: the range of clients. Some clients use the year 1, or a time just before 1970, for "from the beginning". */
const FIRST_EPOCH_MS = -62_135_596_800_000
const LAST_EPOCH_MS = 253_402_300_799_999
/** The most characters of a refused value in an error. */
const SHOWN_CHARACTERS = 80

export function refuse(member: string, expected: string, got: unknown): never {
  throw new AwsException('InvalidArgumentException', `${member} must be ${expected} (got ${show(got)})`)
}

export function parseString(input: WireInput, member: string, rule: StringRule = {}): string {
  return parseOptionalString(input, member, rule) ?? refuseAbsent(member)
}

export function parseOptionalString(input: WireInput, member: string, rule: StringRule = {}): string | null {
  const value = input[member] ?? null
  return value === null ? null : parseText(value, member, rule)
}

/** A string outside a structure (an element of a list, a key of a map). */
export function parseText(value: unknown, member: string, { min = 0, max = Number.POSITIVE_INFINITY, pattern }: StringRule): string {
  if (typeof value !== 'string') refuse(member, 'a string', value)
  if (value.length < min || value.length > max) refuse(member, `${min} to ${max} characters long`, `${value.length} characters`)
  if (pattern !== undefined && !pattern.test(value)) refuse(member, `of the form ${pattern.source}`, value)
  return value
}

export function parseInteger(input: WireInput, member: string, rule: IntegerRule): number {
  return parseOptionalInteger(input, member, rule) ?? refuseAbsent(member)
}

export function parseOptionalInteger(input: WireInput, member: string, { min, max }: IntegerRule): number | null {
  const value = input[member] ?? null
  if (value === null) return null
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    refuse(member, `a whole number from ${min} to ${max}`, value)
  }
  return value
}

export function parseEnum<const Value extends string>(input: WireInput, member: string, values: readonly Value[]): Value {
  return parseOptionalEnum(input, member, values) ?? refuseAbsent(member)
}

export function parseOptionalEnum<const Value extends string>(input: WireInput, member: string, values: readonly Value[]): Value | null {
  const value = input[member] ?? null
  if (value === null) return null
  return values.find((allowed) => allowed === value) ?? refuse(member, `one of ${values.join(', ')}`, value)
}

/** Epoch seconds, rounded to the millisecond. Truncation would lose the fragment at the edge of a range. */
export function parseTimestamp(input: WireInput, member: string): EpochMs {
  const value = input[member] ?? refuseAbsent(member)
  if (typeof value !== 'number' || !Number.isFinite(value)) refuse(member, 'a time in epoch seconds', value)
  const epochMs = Math.round(value * 1000)
  if (epochMs < FIRST_EPOCH_MS || epochMs > LAST_EPOCH_MS) refuse(member, 'a time from the years 1 to 9999 in epoch seconds', value)
  return epochMs
}

export function parseStructure(input: WireInput, member: string): WireInput {
  return parseOptionalStructure(input, member) ?? refuseAbsent(member)
}

export function parseOptionalStructure(input: WireInput, member: string): WireInput | null {
  const value = input[member] ?? null
  if (value === null || isStructure(value)) return value
  return refuse(member, 'a structure', value)
}

export function parseList(input: WireInput, member: string, { min, max }: IntegerRule): readonly unknown[] {
  const value = input[member] ?? refuseAbsent(member)
  if (!Array.isArray(value)) refuse(member, 'a list', value)
  if (value.length < min || value.length > max) refuse(member, `a list of ${min} to ${max}`, `a list of ${value.length}`)
  return value
}

export function isStructure(value: unknown): value is WireInput {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function refuseAbsent(member: string): never {
  throw new AwsException('InvalidArgumentException', `${member} is required`)
}

// Shortened, so that the error stays readable.
function show(value: unknown): string {
  const text = typeof value === 'string' ? value : toShortJson(value)
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 3)}…` : text
}

/** Limits depth and length: JSON.stringify overflows the stack on deeply nested values that JSON.parse accepts. */
function toShortJson(value: unknown, depth = 3): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? String(value)
  if (depth === 0) return '…'
  if (Array.isArray(value)) {
    const items = value.slice(0, SHOWN_CHARACTERS)
    return `[${items.map((item) => toShortJson(item, depth - 1)).join(',')}]`
  }
  const members = Object.entries(value).slice(0, SHOWN_CHARACTERS)
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${toShortJson(member, depth - 1)}`).join(',')}}`
}
