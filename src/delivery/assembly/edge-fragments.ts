// Which fragments of a clip are read: those at both edges and at each border of a join, at most two for each.

import type { EpochMs } from '../../lib/clock.js'
import type { ClipOutline, OutlinedPart } from './clip-outline.js'

export interface EdgeFragment {
  /** Among the fragments of the clip: 0 is the first, -1 the one before it. */
  readonly place: number
  readonly fragmentNumber: string
}

/** In playing order. */
export function listEdgeFragments({ parts, spec, neighbours, secondFragmentNumber }: ClipOutline): EdgeFragment[] {
  const numbers = new Map<number, string>()
  for (const part of parts) {
    numbers.set(part.firstPlace, part.firstFragmentNumber)
    numbers.set(part.firstPlace + part.fragmentCount - 1, part.lastFragmentNumber)
  }
  if (spec.cut === 'EXACT') {
    if (secondFragmentNumber !== null) numbers.set(1, secondFragmentNumber)
    if (neighbours.after !== null) numbers.set(countFragments(parts), neighbours.after.fragmentNumber)
  }
  return [...numbers].map(([place, fragmentNumber]) => ({ place, fragmentNumber })).sort((a, b) => a.place - b.place)
}

export function countFragments(parts: readonly Pick<OutlinedPart, 'fragmentCount'>[]): number {
  return parts.reduce((count, { fragmentCount }) => count + fragmentCount, 0)
}

export interface FragmentClocks {
  /** Its timestamp by the selector's clock, and by the producer's. */
  readonly clockMs: EpochMs
  readonly producerMs: EpochMs
  readonly lengthMs: number
}

/** What is listed of the fragment at a place; null when none of the parts holds it. */
export function clocksAt(parts: readonly OutlinedPart[], place: number): FragmentClocks | null {
  const part = parts.find(({ firstPlace, fragmentCount }) => place >= firstPlace && place < firstPlace + fragmentCount)
  if (part === undefined) return null
  const row = place - part.firstPlace
  return { clockMs: part.startsMs[row] ?? 0, producerMs: part.producerStartsMs[row] ?? 0, lengthMs: part.lengthsMs[row] ?? 0 }
}
