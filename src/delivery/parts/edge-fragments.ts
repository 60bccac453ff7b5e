// Which fragments of a clip are read first: those at both edges and at each border of a join, two for each.

import { startOf } from '../../domain/listed-fragment.js'
import type { EpochMs } from '../../lib/clock.js'
import { type ClipOutline, countFragments } from '../plan/clip-outline.js'

export interface EdgeFragment {
  /** Among the fragments of the clip: 0 is the first, -1 the one before it. */
  readonly place: number
  readonly fragmentNumber: string
}

/** In playing order. */
export function listEdgeFragments({ parts, spec, neighbours }: ClipOutline): EdgeFragment[] {
  const numbers = new Map<number, string>()
  for (const part of parts) {
    numbers.set(part.firstPlace, part.firstFragmentNumber)
    numbers.set(part.firstPlace + part.fragmentCount - 1, part.lastFragmentNumber)
  }
  const [before, after] = [neighbours.before.at(-1), neighbours.after[0]]
  if (spec.cut === 'EXACT' && before) numbers.set(-1, before.fragmentNumber)
  if (spec.cut === 'EXACT' && after) numbers.set(countFragments(parts), after.fragmentNumber)
  return [...numbers].map(([place, fragmentNumber]) => ({ place, fragmentNumber })).sort((a, b) => a.place - b.place)
}

/** What is listed of a fragment in or beside a clip. */
export interface PlacedFragment {
  readonly fragmentNumber: string
  /** Its timestamp by the selector's clock, and by the producer's. */
  readonly clockMs: EpochMs
  readonly producerMs: EpochMs
  readonly lengthMs: number
}

/** Null for a place beyond those that may be read. */
export function fragmentAt({ parts, spec, neighbours, knownNumbers }: ClipOutline, place: number): PlacedFragment | null {
  const count = countFragments(parts)
  const beside = place < 0 ? neighbours.before.at(place) : neighbours.after[place - count]
  if (beside !== undefined) {
    const { fragmentNumber, producerTimestampMs: producerMs, lengthMs } = beside
    return { fragmentNumber, clockMs: startOf(beside, spec.fragmentSelectorType), producerMs, lengthMs }
  }
  const { first, last } = knownNumbers
  const fragmentNumber = first[place] ?? last[place - count + last.length]
  const part = parts.find(({ firstPlace, fragmentCount }) => place >= firstPlace && place < firstPlace + fragmentCount)
  if (fragmentNumber === undefined || part === undefined) return null
  const row = place - part.firstPlace
  const [clockMs, producerMs, lengthMs] = [part.startsMs[row], part.producerStartsMs[row], part.lengthsMs[row]]
  if (clockMs === undefined || producerMs === undefined || lengthMs === undefined) return null
  return { fragmentNumber, clockMs, producerMs, lengthMs }
}
