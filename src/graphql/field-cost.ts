// What fields cost, in points. Points stand for the cold cost: what is remembered costs a client as much, because it may ask for other
// streams and ranges each time. Where Kinesis Video is asked, 1 point is 0.2 to 0.5 ms of one core, measured at the first request (the
// endpoints of fifty streams 104 ms, their coverage 424 ms, their media 1,266 ms). Items and leaves are dearer than their CPU (0.04 ms a
// point), for they also take memory and bytes. From memory, the media of fifty streams take 6 ms. Lists that came along with their object are
// counted as long as they usually are; how long they may be is bounded by the size of the answer (bounded-answers.ts).

import { type GraphQLField, type GraphQLNamedType, getNamedType, isLeafType } from 'graphql'

/** What an estimate may go by. type-graphql names the members. */
export interface Estimate {
  readonly args: Readonly<Record<string, unknown>>
  readonly childComplexity: number
}

/** A value that came along with its object: a page of 1,000 fragments with all their fields costs about 1,500. */
const LEAF_COST = 0.1
const OBJECT_COST = 1
/** A field that may call Kinesis Video. Ten of them cost as much as a page of about a hundred bare items. */
const CALL_COST = 10
/** A day of a stream with a fragment each second or two, counted from what is remembered. */
const COVERAGE_DAY_COST = 10
/** The newest fragment, looked for in stretches of time, and its media, which is fetched and parsed. */
const MEDIA_COST = 60
/** A range of fragments, listed and planned each time. */
const PLAN_COST = 50
/** A page's fragments are looked for in stretches of the range: up to a hundred calls when the first stretches are empty. */
const LISTING_COST = 100
/** A field that fetches footage, or may. */
const CLIP_COST = 100
const TAGS = 10
const DAY_MS = 86_400_000
/** Introspection has no resolvers of ours: a fraction of what other fields take. */
const INTROSPECTION_SHARE = 0.3
/** Items of introspection's lists in this schema, on average over its types; a chain of ofType is short. */
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

/** By what the field says of itself (`complexity`), or else by its kind. */
export function costOfField(type: GraphQLNamedType, field: GraphQLField<unknown, unknown>, estimate: Estimate): number {
  const { complexity } = field.extensions
  if (typeof complexity === 'function') return Number(complexity(estimate))
  if (typeof complexity === 'number') return complexity + estimate.childComplexity
  const share = isIntrospection(type, field) ? INTROSPECTION_SHARE : 1
  if (isLeafType(getNamedType(field.type))) return LEAF_COST * share
  const items = INTROSPECTION_ITEMS[`${type.name}.${field.name}`] ?? 1
  return items * (OBJECT_COST * share + estimate.childComplexity)
}

function isIntrospection(type: GraphQLNamedType, field: GraphQLField<unknown, unknown>): boolean {
  return type.name.startsWith('__') || field.name.startsWith('__')
}

export function costOfCall({ childComplexity }: Estimate): number {
  return CALL_COST + childComplexity
}

export function costOfTags({ childComplexity }: Estimate): number {
  return CALL_COST + TAGS * childComplexity
}

/** As a page, and the listing that it is found by, each time. */
export function costOfListing(estimate: Estimate): number {
  return LISTING_COST - CALL_COST + costOfPage(estimate)
}

/** A page costs what its items do, as many as were asked for. A `first` out of range is refused by the resolver, and costs nothing here. */
export function costOfPage({ args, childComplexity }: Estimate): number {
  const first = typeof args.first === 'number' ? Math.max(args.first, 0) : 0
  return CALL_COST + first * childComplexity
}

/** A list that came along with its object. */
export function costOfList(usualItems: number): (estimate: Estimate) => number {
  return ({ childComplexity }) => usualItems * (OBJECT_COST + childComplexity)
}

/** A range out of bounds is refused by the resolver. */
export function costOfCoverage({ args: { range }, childComplexity }: Estimate): number {
  return CALL_COST + COVERAGE_DAY_COST * daysOf(range) + childComplexity
}

function daysOf(range: unknown): number {
  if (typeof range !== 'object' || range === null || !('startTimestamp' in range) || !('endTimestamp' in range)) return 0
  const { startTimestamp, endTimestamp } = range
  if (typeof startTimestamp !== 'number' || typeof endTimestamp !== 'number') return 0
  return Math.min(Math.max(endTimestamp - startTimestamp, 0) / DAY_MS, 7)
}

export function costOfMedia({ childComplexity }: Estimate): number {
  return MEDIA_COST + childComplexity
}

export function costOfClip({ childComplexity }: Estimate): number {
  return CLIP_COST + childComplexity
}

export function costOfValidation({ args, childComplexity }: Estimate): number {
  return (args.probe === true ? CLIP_COST : PLAN_COST) + childComplexity
}

export function costOfClips({ args, childComplexity }: Estimate): number {
  return (Array.isArray(args.inputs) ? args.inputs.length : 0) * (CLIP_COST + childComplexity)
}
