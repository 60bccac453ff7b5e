import type { Caller } from '../../auth/caller.js'
import type { GuardedFragments } from '../../auth/guarded-reads.js'
import { KVS_LIMITS } from '../../domain/limits.js'
import { type ListedFragment, startOf } from '../../domain/listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from '../../domain/time-range.js'
import { type FootageQuery, TooManyFragments } from '../../kvs/ports.js'
import type { EpochMs } from '../../lib/clock.js'
import { invalidCursor, type Page, parseCursor, toCursor } from '../relay/connection.js'

/** The length that producers commonly send. A wrong guess costs another call. */
const GUESSED_FRAGMENT_MS = 2000
const MAX_WIDENING = 8
/** A smaller page is not worth its call. The quota is 10,000 points a second. */
const MIN_EXPECTED = 100
/** A window with more fragments is narrowed: this many, or eight times the rest of the page in one call, or four times in more calls. */
const MIN_SAMPLED = 400

/** If rows come in random order, so many samples narrow a day. If the newest come first, the window has to be halved. */
const RANDOM_SAMPLES = 2

export interface FragmentPageQuery extends FootageQuery {
  readonly first: number
  readonly after: string | null
}

/**
 * The first fragments of a range. ListFragments returns rows in any order, so the first ones are known only when all fragments of a window
 * have been listed, and it charges for the requested rows. So the range is listed in windows, each as wide as the rest of the page is
 * expected to be.
 */
export async function listFragmentPage(lister: GuardedFragments, query: FragmentPageQuery, caller: Caller): Promise<Page<ListedFragment>> {
  const { first, after, range, fragmentSelectorType } = query
  const position = after === null ? null : parsePosition(fragmentSelectorType, after)
  const found: ListedFragment[] = []
  let startMs = Math.max(range.startMs, position?.timestampMs ?? range.startMs)
  let widthMs = (first + 1) * GUESSED_FRAGMENT_MS
  while (found.length <= first && startMs <= range.endMs) {
    const missing = first + 1 - found.length
    const window = { startMs, endMs: Math.min(startMs + widthMs, range.endMs) }
    const isGuess = widthMs > (first + 1) * GUESSED_FRAGMENT_MS
    const { rows, endMs } = await listWindow(lister, { ...query, window, position, missing, isGuess }, caller)
    found.push(...rows)
    widthMs = Math.ceil(widthMs * wideningOf(rows.length, missing))
    startMs = endMs + 1
  }
  return { nodes: found.slice(0, first), hasNextPage: found.length > first, hasPreviousPage: position !== null }
}

interface WindowQuery extends FragmentPageQuery {
  readonly window: TimeRange
  readonly position: Position | null
  readonly missing: number
  /** Whether the window was widened, so that it may hold far more than is missing. */
  readonly isGuess: boolean
}

/** All fragments of the window after the position, or of its beginning if that has enough. */
async function listWindow(
  lister: GuardedFragments,
  { streamArn, fragmentSelectorType, window, position, missing, isGuess }: WindowQuery,
  caller: Caller,
): Promise<{ readonly rows: readonly ListedFragment[]; readonly endMs: EpochMs }> {
  const isWanted = (row: ListedFragment) => isAfter(row, position, fragmentSelectorType)
  const sampled = Math.max(MIN_SAMPLED, Math.min(8 * missing, KVS_LIMITS.maxFragmentsPerPage - 1), 4 * missing)
  const expected = isGuess ? sampled + 1 : Math.max(missing, MIN_EXPECTED)
  for (let { startMs, endMs } = window, failures = 0; ; ) {
    const query = { streamArn, fragmentSelectorType, range: { startMs, endMs }, expected }
    // A single millisecond cannot be narrowed.
    const limit = endMs > startMs ? { atMost: sampled } : {}
    try {
      return { rows: (await lister.list({ ...query, ...limit }, caller)).filter(isWanted), endMs }
    } catch (error) {
      if (!(error instanceof TooManyFragments) || endMs === startMs) throw error
      failures += 1
      // All that is missing starts up to here.
      const enough = error.listed.filter(isWanted)[missing - 1]
      const enoughMs = enough === undefined ? endMs : startOf(enough, fragmentSelectorType)
      endMs = failures <= RANDOM_SAMPLES && enoughMs < endMs ? enoughMs : Math.floor((startMs + endMs) / 2)
    }
  }
}

/** As much wider as the density of the last window suggests. An empty window shows only that there is less than expected. */
function wideningOf(rows: number, missing: number): number {
  if (rows === 0) return MAX_WIDENING
  return Math.min(Math.max((missing / rows) * 1.25, 1), MAX_WIDENING)
}

export function toFragmentCursor(row: ListedFragment, selector: FragmentSelectorType): string {
  return toCursor(cursorKind(selector), `${startOf(row, selector)}/${row.fragmentNumber}`)
}

interface Position {
  readonly timestampMs: EpochMs
  readonly fragmentNumber: string
}

function parsePosition(selector: FragmentSelectorType, cursor: string): Position {
  const position = parseCursor(cursorKind(selector), cursor)
  if (!/^-?\d{1,16}\/\d{1,128}$/.test(position)) throw invalidCursor()
  const slash = position.indexOf('/')
  return { timestampMs: Number(position.slice(0, slash)), fragmentNumber: position.slice(slash + 1) }
}

/** A cursor is valid for one of the two clocks only. */
function cursorKind(selector: FragmentSelectorType): string {
  return `Fragment.${selector}`
}

function isAfter(row: ListedFragment, position: Position | null, selector: FragmentSelectorType): boolean {
  if (position === null) return true
  const timestampMs = startOf(row, selector)
  if (timestampMs !== position.timestampMs) return timestampMs > position.timestampMs
  return BigInt(row.fragmentNumber) > BigInt(position.fragmentNumber)
}
