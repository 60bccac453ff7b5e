// Members of a request body, each refused with a text that says what was wrong, what is allowed and what was got: the clients check
// next to nothing (enumerations, patterns and maxima are sent as they are). A null member counts as absent, as it does on AWS.
import type { EpochMs } from '../../lib/clock.js'
import { AwsException } from '../aws-exception.js'
import type { WireInput } from '../operation.js'

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

/** The years 1 to 9999, which is all that clients can express. Some write "from the beginning" as the year 1, or a little below zero. */
const FIRST_EPOCH_MS = -62_135_596_800_000
const LAST_EPOCH_MS = 253_402_300_799_999
/** Of a refused value. */
const SHOWN_CHARACTERS = 80
const SHOWN_DEPTH = 3

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

/** One of the values that the model lists. */
export function parseEnum<const Value extends string>(input: WireInput, member: string, values: readonly Value[]): Value {
  const value = input[member] ?? refuseAbsent(member)
  return values.find((allowed) => allowed === value) ?? refuse(member, `one of ${values.join(', ')}`, value)
}

/** Epoch seconds, with decimals or without; rounded to the millisecond, for truncation would lose the fragment at a range's edge. */
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

// What a caller sent is shown back only in part, so that an error stays readable whatever came.
function show(value: unknown): string {
  const text = typeof value === 'string' ? value : toShortJson(value)
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 3)}…` : text
}

/** No deeper and no longer than is shown: JSON.stringify has no stack for what nests a hundred thousand times, which JSON.parse has. */
function toShortJson(value: unknown, depth = SHOWN_DEPTH): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? String(value)
  if (depth === 0) return '…'
  if (Array.isArray(value)) {
    const items = value.slice(0, SHOWN_CHARACTERS)
    return `[${items.map((item) => toShortJson(item, depth - 1)).join(',')}]`
  }
  const members = Object.entries(value).slice(0, SHOWN_CHARACTERS)
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${toShortJson(member, depth - 1)}`).join(',')}}`
}
