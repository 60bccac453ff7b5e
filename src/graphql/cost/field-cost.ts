// The cost of fields, in points. A cost assumes that nothing is cached, because a client can request other streams and ranges each time.
// For fields that call Kinesis Video, points follow the measured CPU time of a first request (docs/benchmarks.md). Items and leaves cost more
// than their CPU time, because they also take memory and bandwidth. Lists that arrive with their object are counted with a typical length; bounded-answers.ts limits their real size.

import { type GraphQLField, type GraphQLNamedType, getNamedType, isLeafType } from 'graphql'

/** The input of an estimate. type-graphql names the members. */
export interface Estimate {
  readonly args: Readonly<Record<string, unknown>>
  readonly childComplexity: number
}

/** A value that arrives with its object. A page of 1,000 fragments with all fields costs about 1,500. */
const LEAF_COST = 0.1
const OBJECT_COST = 1
/** A field that may call Kinesis Video. Ten of them cost as much as a page of about a hundred items without subfields. */
const CALL_COST = 10
/** A day of a stream with a fragment every one or two seconds, computed from cached listings. */
const COVERAGE_DAY_COST = 10
/** Finding the newest fragment, fetching its media and parsing it. */
const MEDIA_COST = 60
/** Listing the fragments of a range and planning a clip. */
const PLAN_COST = 50
/** Finding the fragments of a page takes about ten calls if the range begins with hours without footage. */
const LISTING_COST = 100
/** A field that may fetch footage. */
const CLIP_COST = 100
const TYPICAL_TAGS = 10
const DAY_MS = 86_400_000
/** Introspection calls no resolvers of ours, so it costs a fraction of other fields. */
const INTROSPECTION_SHARE = 0.3
/** The average length of introspection lists in this schema. The value of ofType is for the average depth of type wrappers. */
const INTROSPECTION_ITEMS: Readonly<Record<string, number>> = {
  '__Schema.types': 60,
  '__Schema.directives': 5,
  '__Type.fields': 5,
  '__Type.inputFields': 1,
  '__Type.enumValues': 3,
  '__Type.ofType': 0.4,
  '__Field.args': 1,
  '__Directive.args': 1,
}

/** The `complexity` of the field if it has one. Otherwise the cost depends on the kind of its type. */
export function costOfField(type: GraphQLNamedType, field: GraphQLField<unknown, unknown>, estimate: Estimate): number {
  const { complexity } = field.extensions
  if (typeof complexity === 'function') return Number(complexity(estimate))
  if (typeof complexity === 'number') return complexity + estimate.childComplexity
  const share = type.name.startsWith('__') || field.name.startsWith('__') ? INTROSPECTION_SHARE : 1
  if (isLeafType(getNamedType(field.type))) return LEAF_COST * share
  const items = INTROSPECTION_ITEMS[`${type.name}.${field.name}`] ?? 1
  return items * (OBJECT_COST * share + estimate.childComplexity)
}

export const costOfCall = withSubfields(CALL_COST)
export const costOfMedia = withSubfields(MEDIA_COST)
export const costOfClip = withSubfields(CLIP_COST)

function withSubfields(cost: number): (estimate: Estimate) => number {
  return ({ childComplexity }) => cost + childComplexity
}

export function costOfTags({ childComplexity }: Estimate): number {
  return CALL_COST + TYPICAL_TAGS * childComplexity
}

/** The cost of a page, plus the listing that finds its items. */
export function costOfListing(estimate: Estimate): number {
  return LISTING_COST - CALL_COST + costOfPage(estimate)
}

/** Counts `first` items. The resolver refuses a negative `first`. */
export function costOfPage({ args, childComplexity }: Estimate): number {
  const first = typeof args.first === 'number' ? Math.max(args.first, 0) : 0
  return CALL_COST + first * childComplexity
}

/** A list that arrives with its object. */
export function costOfList(typicalItems: number): (estimate: Estimate) => number {
  return ({ childComplexity }) => typicalItems * (OBJECT_COST + childComplexity)
}

export function costOfCoverage({ args: { range }, childComplexity }: Estimate): number {
  return CALL_COST + COVERAGE_DAY_COST * daysOf(range) + childComplexity
}

function daysOf(range: unknown): number {
  if (typeof range !== 'object' || range === null || !('startTimestamp' in range) || !('endTimestamp' in range)) return 0
  const { startTimestamp, endTimestamp } = range
  if (typeof startTimestamp !== 'number' || typeof endTimestamp !== 'number') return 0
  // The resolver refuses ranges that are negative or longer than a week.
  return Math.min(Math.max(endTimestamp - startTimestamp, 0) / DAY_MS, 7)
}

export function costOfValidation({ args, childComplexity }: Estimate): number {
  return (args.probe === true ? CLIP_COST : PLAN_COST) + childComplexity
}

export function costOfClips({ args, childComplexity }: Estimate): number {
  return (Array.isArray(args.inputs) ? args.inputs.length : 0) * (CLIP_COST + childComplexity)
}

/** Rounds up to whole points, and corrects the rounding errors of sums of tenths. */
export function toPoints(cost: number): number {
  return Math.ceil(Number(cost.toFixed(6)))
}
