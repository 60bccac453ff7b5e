import { firstRowAt, toFragmentColumns } from '../domain/fragment-columns.js'
import { GAP_MS, Rests } from '../domain/fragment-rests.js'
import { KVS_LIMITS } from '../domain/limits.js'
import type { ListedFragment } from '../domain/listed-fragment.js'
import { startOf } from '../domain/listed-fragment.js'
import { type FragmentSelectorType, type TimeRange, toEarlier } from '../domain/time-range.js'
import { type FragmentLister, TooManyFragments } from '../kvs/ports.js'
import type { EpochMs } from '../lib/clock.js'

/** A live stream has a fragment that is at most this old. */
const FIRST_LOOK_MS = 30_000
const WIDENING = 4
/**
 * A listing requests this many rows, because the quota counts requested rows and they come in any order. If there are more, the window is
 * halved.
 */
const FEW = 30

export interface Instant {
  readonly streamArn: string
  readonly fragmentSelectorType: FragmentSelectorType
  readonly instantMs: EpochMs
  /** By server time nothing is later, and the service refuses a range that ends later. */
  readonly nowMs: EpochMs
}

export interface FoundFragment {
  readonly fragment: ListedFragment
  readonly before: ListedFragment | null
}

/** The fragment that covers the instant, or the one before it if no gap is between them. */
export async function findFragmentAt(
  fragments: FragmentLister,
  { streamArn, fragmentSelectorType, instantMs, nowMs }: Instant,
  signal: AbortSignal,
): Promise<FoundFragment | null> {
  const aroundMs = KVS_LIMITS.maxFragmentMs + GAP_MS
  const latestMs = fragmentSelectorType === 'SERVER_TIMESTAMP' ? Math.max(instantMs, nowMs - 1) : Number.POSITIVE_INFINITY
  const range = { startMs: toEarlier(instantMs, aroundMs), endMs: Math.min(instantMs + aroundMs, latestMs) }
  const rows = await fragments.list({ streamArn, fragmentSelectorType, range }, signal)
  const columns = toFragmentColumns(rows, fragmentSelectorType)
  const next = firstRowAt(columns, instantMs + 1)
  const rests = new Rests(columns)
  const found = toFound(rows, next - 1)
  if (found === null) return null
  const endMs = rows.slice(0, next).reduce((latest, row) => Math.max(latest, startOf(row, fragmentSelectorType) + row.lengthMs), 0)
  const restMs = next < rows.length ? rests.before(next) : instantMs - endMs
  return instantMs - endMs > GAP_MS && rests.isGap(next, GAP_MS, restMs) ? null : found
}

function toFound(rows: readonly ListedFragment[], index: number): FoundFragment | null {
  const fragment = rows[index]
  return fragment === undefined ? null : { fragment, before: rows[index - 1] ?? null }
}

/** The newest fragment of the range by server time, searched from its end. */
export async function findNewestFragment(
  fragments: FragmentLister,
  { streamArn, range: { startMs: firstMs, endMs: lastMs } }: { readonly streamArn: string; readonly range: TimeRange },
  signal: AbortSignal,
): Promise<FoundFragment | null> {
  const findWithin = async (range: TimeRange): Promise<FoundFragment | null> => {
    // A single millisecond cannot be halved.
    const limit = range.endMs > range.startMs ? { atMost: FEW } : {}
    try {
      const rows = await fragments.list({ streamArn, fragmentSelectorType: 'SERVER_TIMESTAMP', range, ...limit }, signal)
      return toFound(rows, rows.length - 1)
    } catch (error) {
      if (!(error instanceof TooManyFragments && 'atMost' in limit)) throw error
    }
    const middleMs = Math.floor((range.startMs + range.endMs) / 2)
    const later = await findWithin({ startMs: middleMs + 1, endMs: range.endMs })
    return later ?? findWithin({ startMs: range.startMs, endMs: middleMs })
  }
  let endMs = lastMs
  for (let widthMs = FIRST_LOOK_MS; endMs >= firstMs; widthMs *= WIDENING) {
    const startMs = Math.max(firstMs, endMs - widthMs)
    const newest = await findWithin({ startMs, endMs })
    if (newest !== null) return newest
    endMs = startMs - 1
  }
  return null
}
