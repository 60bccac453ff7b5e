import { firstRowAt, toFragmentColumns } from '../domain/fragment-columns.js'
import { KVS_LIMITS } from '../domain/limits.js'
import type { ListedFragment } from '../domain/listed-fragment.js'
import { startOf } from '../domain/listed-fragment.js'
import { GAP_MS, Rests } from '../domain/rests.js'
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

/** The newest fragment of the range by server time, searched from its end. */
export async function findNewestFragment(
  fragments: FragmentLister,
  { streamArn, range }: { readonly streamArn: string; readonly range: TimeRange },
  signal: AbortSignal,
): Promise<FoundFragment | null> {
  let endMs = range.endMs
  for (let widthMs = FIRST_LOOK_MS; endMs >= range.startMs; widthMs *= WIDENING) {
    const startMs = Math.max(range.startMs, endMs - widthMs)
    const newest = await findNewestWithin(fragments, { streamArn, range: { startMs, endMs } }, signal)
    if (newest !== null) return newest
    endMs = startMs - 1
  }
  return null
}

async function findNewestWithin(
  fragments: FragmentLister,
  { streamArn, range }: { readonly streamArn: string; readonly range: TimeRange },
  signal: AbortSignal,
): Promise<FoundFragment | null> {
  const rows = await listFew(fragments, { streamArn, range }, signal)
  if (rows !== null) return toFound(rows, rows.length - 1)
  const middleMs = Math.floor((range.startMs + range.endMs) / 2)
  const later = { startMs: middleMs + 1, endMs: range.endMs }
  const earlier = { startMs: range.startMs, endMs: middleMs }
  const newest = await findNewestWithin(fragments, { streamArn, range: later }, signal)
  return newest ?? findNewestWithin(fragments, { streamArn, range: earlier }, signal)
}

function toFound(rows: readonly ListedFragment[], index: number): FoundFragment | null {
  const fragment = rows[index]
  return fragment === undefined ? null : { fragment, before: rows[index - 1] ?? null }
}

/** Null if there are more than a few. */
async function listFew(
  fragments: FragmentLister,
  { streamArn, range }: { readonly streamArn: string; readonly range: TimeRange },
  signal: AbortSignal,
): Promise<readonly ListedFragment[] | null> {
  // A single millisecond cannot be halved.
  const limit = range.endMs > range.startMs ? { atMost: FEW } : {}
  try {
    return await fragments.list({ streamArn, fragmentSelectorType: 'SERVER_TIMESTAMP', range, ...limit }, signal)
  } catch (error) {
    if (error instanceof TooManyFragments && 'atMost' in limit) return null
    throw error
  }
}
