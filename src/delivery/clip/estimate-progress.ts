import type { OutlinedPart } from '../plan/clip-outline.js'
import type { PartState } from '../ports.js'

interface ProgressingPart {
  readonly part: Pick<OutlinedPart, 'estimatedBytes'>
  /** Where it will be. */
  readonly slot: { readonly state: PartState | null }
}

/** From 0 to 1. */
export function estimateProgress(parts: readonly ProgressingPart[]): number {
  let [arrived, expected] = [0, 0]
  for (const { part, slot } of parts) {
    const bytes = toBytes(slot.state, part.estimatedBytes)
    arrived += bytes.arrived
    expected += bytes.expected
  }
  return expected === 0 ? 0 : Math.min(1, arrived / expected)
}

function toBytes(state: PartState | null, estimatedBytes: number): { readonly arrived: number; readonly expected: number } {
  if (state?.state === 'complete') return { arrived: state.sizeBytes, expected: state.sizeBytes }
  if (state?.state !== 'arriving') return { arrived: 0, expected: estimatedBytes }
  // An estimate that is exceeded is raised, lest a clip that still arrives looks complete.
  const expected = state.expectedBytes ?? Math.max(estimatedBytes, state.arrivedBytes * 1.01)
  return { arrived: state.arrivedBytes, expected }
}
