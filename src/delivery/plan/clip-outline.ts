// A planned clip without its list of fragments, which may be long. It has everything that is needed to fetch and describe the clip.

import { createHash } from 'node:crypto'
import { type PlannedPart, packFragments } from '../../domain/clip-packing.js'
import type { ClipPlan, PlanRequest } from '../../domain/clip-plan.js'
import { type ListedFragment, startOf } from '../../domain/listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from '../../domain/time-range.js'
import { at } from '../../lib/at.js'
import { type ClipSpec, digestNumbers, pinFootage } from '../url/clip-spec.js'

export interface ClipOutline extends Pick<ClipPlan, 'delivered' | 'truncated' | 'gaps' | 'timeline' | 'durationMs' | 'neighbours'> {
  readonly spec: ClipSpec
  /** At least one. */
  readonly parts: readonly OutlinedPart[]
  /** Fragment numbers at both ends of the clip, in playing order. These fragments may have to be read. */
  readonly knownNumbers: { readonly first: readonly string[]; readonly last: readonly string[] }
}

const SMALL_BYTES = 1_048_576
/** Enough for audio that is muxed two seconds ahead of its pictures, at 16 fragments a second. */
const MOST_KNOWN_NUMBERS = 32

/** Fragments that an exact cut fetches in addition to the planned parts. */
export interface ExtraFragments {
  /** Fragments before the clip: those with pictures of the clip, and those back to the key frame that these pictures need. */
  readonly leadIn: readonly ListedFragment[]
  /** Fragments after the clip with pictures that are shown before its end. */
  readonly tail: readonly ListedFragment[]
}

/** One GetClip call. */
export interface OutlinedPart {
  /** Hash of the stream, the selector and the fragment numbers. Equal parts of different clips have the same key. */
  readonly key: string
  readonly range: TimeRange
  /**
   * Place of the first fragment of the part. The planned fragments of the clip have places from 0. Fragments that an exact cut fetches
   * before them have negative places, and those after them continue the count.
   */
  readonly firstPlace: number
  readonly firstFragmentNumber: string
  readonly lastFragmentNumber: string
  readonly fragmentCount: number
  readonly estimatedBytes: number
  /** Timestamps by the selector's clock. All arrays have one entry per fragment, in playing order. */
  readonly startsMs: Float64Array
  /** Timestamps by the producer's clock. */
  readonly producerStartsMs: Float64Array
  readonly lengthsMs: Float64Array
  readonly sizesBytes: Float64Array
}

export function toOutline(request: PlanRequest & { readonly fileName: string | null }, streamArn: string, plan: ClipPlan): ClipOutline {
  const { fragmentSelectorType, range, cut, overflow, fileName } = request
  return {
    spec: { streamArn, fragmentSelectorType, range, cut, overflow, fileName, pin: pinFootage(plan.fragments) },
    delivered: plan.delivered,
    truncated: plan.truncated,
    gaps: plan.gaps,
    timeline: plan.timeline,
    durationMs: plan.durationMs,
    parts: toOutlinedParts(plan.parts, { streamArn, selector: fragmentSelectorType, firstPlace: 0 }),
    neighbours: plan.neighbours,
    knownNumbers: {
      first: plan.fragments.slice(0, MOST_KNOWN_NUMBERS).map(({ fragmentNumber }) => fragmentNumber),
      last: plan.fragments.slice(-MOST_KNOWN_NUMBERS).map(({ fragmentNumber }) => fragmentNumber),
    },
  }
}

interface PartPlacing {
  readonly streamArn: string
  readonly selector: FragmentSelectorType
  readonly firstPlace: number
}

/** `placing.firstPlace` is the place of the first fragment of the first part. */
export function toOutlinedParts(parts: readonly PlannedPart[], placing: PartPlacing): OutlinedPart[] {
  let { firstPlace } = placing
  return parts.map((part) => {
    const outlined = toOutlinedPart(part, { ...placing, firstPlace })
    firstPlace += part.fragments.length
    return outlined
  })
}

function toOutlinedPart(part: PlannedPart, { streamArn, selector, firstPlace }: PartPlacing): OutlinedPart {
  const key = createHash('sha256').update(`${streamArn}\n${selector}\n`).update(digestNumbers(part.fragments)).digest('base64url')
  const producerStartsMs = Float64Array.from(part.fragments, (fragment) => fragment.producerTimestampMs)
  const isByProducer = selector === 'PRODUCER_TIMESTAMP'
  return {
    key,
    range: part.range,
    firstPlace,
    firstFragmentNumber: at(part.fragments, 0).fragmentNumber,
    lastFragmentNumber: at(part.fragments, part.fragments.length - 1).fragmentNumber,
    fragmentCount: part.fragments.length,
    estimatedBytes: part.sizeBytes,
    startsMs: isByProducer ? producerStartsMs : Float64Array.from(part.fragments, (fragment) => fragment.serverTimestampMs),
    producerStartsMs,
    lengthsMs: Float64Array.from(part.fragments, (fragment) => fragment.lengthMs),
    sizesBytes: Float64Array.from(part.fragments, (fragment) => fragment.sizeBytes),
  }
}

export function countFragments(parts: readonly Pick<OutlinedPart, 'fragmentCount'>[]): number {
  return parts.reduce((count, { fragmentCount }) => count + fragmentCount, 0)
}

/** All parts of the clip in playing order: the planned parts, and the extra parts of an exact cut. */
export function toPlayingParts(outline: ClipOutline, { leadIn, tail }: ExtraFragments): OutlinedPart[] {
  const count = countFragments(outline.parts)
  return [...toExtraParts(outline, leadIn, -leadIn.length), ...outline.parts, ...toExtraParts(outline, tail, count)]
}

function toExtraParts({ spec }: ClipOutline, fragments: readonly ListedFragment[], firstPlace: number): OutlinedPart[] {
  const [first, last] = [fragments[0], fragments.at(-1)]
  if (!first || !last) return []
  const { streamArn, fragmentSelectorType: selector } = spec
  // A range with a single start is extended to the previous millisecond, because the next one may belong to the clip itself.
  const range = { startMs: startOf(first, selector), endMs: startOf(last, selector) }
  const { parts } = packFragments({ selection: { fragments, shadowed: [] }, selector, range })
  return toOutlinedParts(parts, { streamArn, selector, firstPlace })
}

/** Whether the clip usually arrives almost at once. */
export function isSmall({ parts }: ClipOutline): boolean {
  return parts.length === 1 && parts.every(({ estimatedBytes }) => estimatedBytes < SMALL_BYTES)
}
