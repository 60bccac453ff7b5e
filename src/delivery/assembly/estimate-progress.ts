import type { PartState } from '../ports.js'
import type { OutlinedPart } from './clip-outline.js'

/** From 0 to 1; `places` are where the parts will be, in the same order. */
export function estimateProgress(
  parts: readonly Pick<OutlinedPart, 'estimatedBytes'>[],
  places: readonly { readonly state: PartState | null }[],
): number {
  let [arrived, expected] = [0, 0]
  parts.forEach(({ estimatedBytes }, index) => {
    const bytes = toBytes(places[index]?.state ?? null, estimatedBytes)
    arrived += bytes.arrived
    expected += bytes.expected
  })
  return expected === 0 ? 0 : Math.min(1, arrived / expected)
}

function toBytes(state: PartState | null, estimatedBytes: number): { readonly arrived: number; readonly expected: number } {
  if (state?.state === 'complete') return { arrived: state.sizeBytes, expected: state.sizeBytes }
  if (state?.state !== 'arriving') return { arrived: 0, expected: estimatedBytes }
  // An estimate that is exceeded is raised, lest a clip that still arrives looks complete.
  const expected = state.expectedBytes ?? Math.max(estimatedBytes, state.arrivedBytes * 1.01)
  return { arrived: state.arrivedBytes, expected }
}
