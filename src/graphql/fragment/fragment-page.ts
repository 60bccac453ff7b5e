import { GatewayError } from '../../domain/errors.js'
import type { FragmentSelectorType } from '../../domain/time-range.js'
import type { FragmentInfo, FragmentLister, FragmentQuery } from '../../kvs/ports.js'
import type { EpochMs } from '../../lib/clock.js'
import { type Page, parseCursor, toCursor } from '../relay/connection.js'

/** What producers commonly send. A wrong guess costs a call more, never a wrong page. */
const GUESSED_FRAGMENT_MS = 2000
const MOST_WIDENING = 8

export interface FragmentPageQuery extends Pick<FragmentQuery, 'streamArn' | 'fragmentSelectorType' | 'range'> {
  readonly first: number
  readonly after: string | null
}

/**
 * The first fragments of a range. ListFragments gives rows in arbitrary order, so the first ones are known only when a whole stretch
 * has been listed; and it charges for the rows that are asked for. So the range is listed in stretches, each as wide as the rest
 * of the page is expected to be.
 */
export async function listFragmentPage(lister: FragmentLister, query: FragmentPageQuery, signal: AbortSignal): Promise<Page<FragmentInfo>> {
  const { first, after, range, streamArn, fragmentSelectorType } = query
  const position = after === null ? null : parsePosition(fragmentSelectorType, after)
  const found: FragmentInfo[] = []
  let startMs = Math.max(range.startMs, position?.timestampMs ?? range.startMs)
  let widthMs = (first + 1) * GUESSED_FRAGMENT_MS
  while (found.length <= first && startMs <= range.endMs) {
    const endMs = Math.min(startMs + widthMs, range.endMs)
    const missing = first + 1 - found.length
    const rows = await lister.list({ streamArn, fragmentSelectorType, range: { startMs, endMs }, expected: missing }, signal)
    found.push(...rows.filter((row) => isAfter(row, position, fragmentSelectorType)))
    widthMs = Math.ceil(widthMs * wideningOf(rows.length, missing))
    startMs = endMs + 1
  }
  return { nodes: found.slice(0, first), hasNextPage: found.length > first, hasPreviousPage: position !== null }
}

/** As much wider as the density just seen suggests; an empty stretch says nothing but that there is less than was thought. */
function wideningOf(rows: number, missing: number): number {
  if (rows === 0) return MOST_WIDENING
  return Math.min(Math.max((missing / rows) * 1.25, 1), MOST_WIDENING)
}

export function toFragmentCursor(row: FragmentInfo, selector: FragmentSelectorType): string {
  return toCursor(cursorKind(selector), `${timestampOf(row, selector)}/${row.fragmentNumber}`)
}

interface Position {
  readonly timestampMs: EpochMs
  readonly fragmentNumber: string
}

function parsePosition(selector: FragmentSelectorType, cursor: string): Position {
  const match = /^(-?\d{1,16})\/(\d{1,128})$/.exec(parseCursor(cursorKind(selector), cursor))
  if (!match) throw new GatewayError('BAD_USER_INPUT', 'after must be a cursor of an earlier page of the same list.')
  return { timestampMs: Number(match[1]), fragmentNumber: match[2] ?? '' }
}

/** A cursor counts on one of the two clocks, and means nothing on the other. */
function cursorKind(selector: FragmentSelectorType): string {
  return `Fragment.${selector}`
}

function isAfter(row: FragmentInfo, position: Position | null, selector: FragmentSelectorType): boolean {
  if (position === null) return true
  const timestampMs = timestampOf(row, selector)
  if (timestampMs !== position.timestampMs) return timestampMs > position.timestampMs
  return BigInt(row.fragmentNumber) > BigInt(position.fragmentNumber)
}

function timestampOf(row: FragmentInfo, selector: FragmentSelectorType): EpochMs {
  return selector === 'SERVER_TIMESTAMP' ? row.serverTimestampMs : row.producerTimestampMs
}
