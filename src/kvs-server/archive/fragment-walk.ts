import type { Archive } from './archive.js'
import { type ArchivedFragment, type FragmentRange, timestampOf } from './archived-fragment.js'
import type { FragmentCursor } from './fragment-index.js'
import type { StreamRecord } from './stream-record.js'

const ROWS_PER_QUERY = 256

export interface WalkOptions {
  readonly archive: Archive
  readonly stream: StreamRecord
  readonly range: FragmentRange
  /** Where an earlier walk over the same range ended. */
  readonly after?: FragmentCursor | null
}

/** The fragments of a range in the order of its clock, then of ingestion. A day can have a hundred thousand, so pages are read on demand. */
export function* walkFragments({ archive, stream, range, after = null }: WalkOptions): Generator<ArchivedFragment> {
  let cursor = after
  for (;;) {
    const rows = archive.list(stream, range, { limit: ROWS_PER_QUERY, after: cursor })
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < ROWS_PER_QUERY) return
    cursor = cursorAt(last, range.clock)
  }
}

/** Walks backwards from a fragment, by server time and then by ingestion. */
export function* walkBack(
  { archive, stream }: Pick<WalkOptions, 'archive' | 'stream'>,
  from: ArchivedFragment,
): Generator<ArchivedFragment> {
  for (let newest: ArchivedFragment | null = from; newest !== null; ) {
    const { serverTimestampMs: ms, sequence } = newest
    const together = [...walkFragments({ archive, stream, range: { clock: 'server', startMs: ms, endMs: ms } })]
    yield* together.filter((other) => other.sequence <= sequence).reverse()
    newest = archive.findAt(stream, 'server', ms - 1)
  }
}

export function cursorAt(fragment: ArchivedFragment, clock: FragmentRange['clock']): FragmentCursor {
  return { timestampMs: timestampOf(fragment, clock), sequence: fragment.sequence }
}
