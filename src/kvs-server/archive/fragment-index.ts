import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { EpochMs } from '../../lib/clock.js'
import type { SampleTable } from '../../media/matroska/sample-table.js'
import type { ArchivedFragment, FragmentDetails, FragmentRange } from './archived-fragment.js'
import { lastIdOf } from './database.js'
import { formatFragmentNumber } from './fragment-number.js'
import { bytesOf, integerOf, type Row, textOrNullOf } from './row.js'
import { readSampleTable } from './sample-table-blob.js'

const COLUMNS = `file_id, stream_id, sequence, nonce, session_id, producer_ms, server_ms, length_ms, size_bytes, cluster_bytes, frame_fault`

export interface FragmentQuery extends FragmentRange {
  readonly streamId: number
  /** Fragments received earlier have expired, even if the sweep has not removed them yet. */
  readonly retainedSinceMs: EpochMs
  /** Fragments persisted after it are not listed yet. */
  readonly listedUntilMs: EpochMs
}

export interface FragmentCursor {
  readonly timestampMs: EpochMs
  readonly sequence: number
}

/** All columns of a fragment. Its record on disk has the same members. */
export interface FragmentRow {
  readonly fileId: number
  readonly streamId: number
  readonly sequence: number
  readonly nonce: number
  readonly sessionId: number
  readonly producerMs: EpochMs
  readonly serverMs: EpochMs
  readonly lengthMs: number
  readonly sizeBytes: number
  readonly clusterBytes: number
  readonly frameFault: string | null
  readonly persistedMs: EpochMs
  readonly samples: Uint8Array
  readonly leadingTags: Uint8Array
  readonly trailingTags: Uint8Array
}

/** The fragments of all streams. Every query is one index seek and the rows it returns, whatever a stream holds. */
export class FragmentIndex {
  readonly #statements = new Map<string, StatementSync>()

  constructor(private readonly database: DatabaseSync) {}

  /** The highest file id ever inserted, including removed fragments. */
  lastFileId(): number {
    return lastIdOf(this.database, 'fragments')
  }

  insert(row: FragmentRow): void {
    const { fileId, streamId, sequence, nonce, sessionId, producerMs, serverMs, lengthMs, sizeBytes, clusterBytes } = row
    this.#prepare(`INSERT INTO fragments (${COLUMNS}, persisted_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`).run(
      ...[fileId, streamId, sequence, nonce, sessionId, producerMs, serverMs, lengthMs, sizeBytes, clusterBytes],
      ...[row.frameFault, row.persistedMs],
    )
    this.#prepare('INSERT INTO fragment_details (file_id, samples, leading_tags, trailing_tags) VALUES (?, ?, ?, ?)').run(
      ...[fileId, row.samples, row.leadingTags, row.trailingTags],
    )
  }

  /** Ordered by the clock of the query, then by ingestion. */
  list(query: FragmentQuery, limit: number, after: FragmentCursor | null = null): ArchivedFragment[] {
    const column = query.clock === 'producer' ? 'producer_ms' : 'server_ms'
    const sql = `SELECT ${COLUMNS} FROM fragments
      WHERE stream_id = ? AND (${column}, sequence) > (?, ?) AND ${column} <= ? AND server_ms >= ? AND persisted_ms <= ?
      ORDER BY ${column}, sequence LIMIT ?`
    const from = seekFrom(query, after)
    const { streamId, endMs, retainedSinceMs, listedUntilMs } = query
    const rows = this.#all(sql, streamId, from.timestampMs, from.sequence, endMs, retainedSinceMs, listedUntilMs, limit)
    return rows.map(toFragment)
  }

  find(streamId: number, sequence: number): ArchivedFragment | null {
    return this.#one(`SELECT ${COLUMNS} FROM fragments WHERE stream_id = ? AND sequence = ?`, streamId, sequence)
  }

  /**
   * The first fragment after `sequence` in ingestion order that was received at `retainedSinceMs` or later. Hundreds of thousands of expired
   * fragments may await the sweep. A seek by server time skips them: ingestion follows server time unless the clock is set back.
   */
  findNext(streamId: number, sequence: number, retainedSinceMs: EpochMs): ArchivedFragment | null {
    const next = this.#one(
      `SELECT ${COLUMNS} FROM fragments WHERE stream_id = ? AND sequence > ? ORDER BY sequence LIMIT 1`,
      streamId,
      sequence,
    )
    if (next === null || next.serverTimestampMs >= retainedSinceMs) return next
    const retained = `SELECT ${COLUMNS} FROM fragments
      WHERE stream_id = ? AND server_ms >= ? AND sequence > ? ORDER BY server_ms, sequence LIMIT 1`
    return this.#one(retained, streamId, retainedSinceMs, sequence)
  }

  findNewest(streamId: number): ArchivedFragment | null {
    return this.#one(`SELECT ${COLUMNS} FROM fragments WHERE stream_id = ? ORDER BY sequence DESC LIMIT 1`, streamId)
  }

  /** The last fragment that starts at `timestampMs` or before. */
  findAt(streamId: number, clock: FragmentRange['clock'], timestampMs: EpochMs): ArchivedFragment | null {
    const column = clock === 'producer' ? 'producer_ms' : 'server_ms'
    const last = `SELECT ${COLUMNS} FROM fragments WHERE stream_id = ? AND ${column} <= ? ORDER BY ${column} DESC, sequence DESC LIMIT 1`
    return this.#one(last, streamId, timestampMs)
  }

  details(fileId: number): FragmentDetails | null {
    const row = this.#get('SELECT samples, leading_tags, trailing_tags FROM fragment_details WHERE file_id = ?', fileId)
    if (row === undefined) return null
    return {
      samples: readSampleTable(bytesOf(row, 'samples')),
      leadingTags: bytesOf(row, 'leading_tags'),
      trailingTags: bytesOf(row, 'trailing_tags'),
    }
  }

  /** By one statement: a statement locks and unlocks the index, which takes longer than reading a row. */
  samples(fileIds: readonly number[]): ReadonlyMap<number, SampleTable> {
    const sql = 'SELECT file_id, samples FROM fragment_details WHERE file_id IN (SELECT value FROM json_each(?))'
    const rows = this.#all(sql, JSON.stringify(fileIds))
    return new Map(rows.map((row) => [integerOf(row, 'file_id'), readSampleTable(bytesOf(row, 'samples'))]))
  }

  /** The streams that have fragments, found by one seek each. */
  streamIds(): number[] {
    const ids: number[] = []
    const next = 'SELECT MIN(stream_id) AS id FROM fragments WHERE stream_id > ?'
    for (let row = this.#get(next, -1); row !== undefined && row.id !== null; row = this.#get(next, integerOf(row, 'id'))) {
      ids.push(integerOf(row, 'id'))
    }
    return ids
  }

  /** Deletes the rows of the oldest fragments received before `beforeMs`, and records their files for removal. */
  expire(streamId: number, beforeMs: EpochMs, limit: number): number {
    const oldest = 'SELECT file_id FROM fragments WHERE stream_id = ? AND server_ms < ? ORDER BY server_ms LIMIT ?'
    const ids = this.#all(oldest, streamId, beforeMs, limit).map((row) => integerOf(row, 'file_id'))
    this.withdraw(ids)
    return ids.length
  }

  /** Deletes rows, and records their files for removal. */
  withdraw(fileIds: readonly number[]): void {
    for (const id of fileIds) {
      this.#prepare('INSERT OR IGNORE INTO fragment_removals (file_id) VALUES (?)').run(id)
      this.#prepare('DELETE FROM fragments WHERE file_id = ?').run(id)
      this.#prepare('DELETE FROM fragment_details WHERE file_id = ?').run(id)
    }
  }

  /** Withdraws the fragments that were received between two instants, both included. */
  withdrawBetween(streamId: number, { fromMs, toMs }: { readonly fromMs: EpochMs; readonly toMs: EpochMs }): void {
    const sql = 'SELECT file_id FROM fragments WHERE stream_id = ? AND server_ms BETWEEN ? AND ?'
    this.withdraw(this.#all(sql, streamId, fromMs, toMs).map((row) => integerOf(row, 'file_id')))
  }

  /** Files recorded for removal, after `afterFileId`. */
  removals(afterFileId: number, limit: number): number[] {
    const sql = 'SELECT file_id FROM fragment_removals WHERE file_id > ? ORDER BY file_id LIMIT ?'
    return this.#all(sql, afterFileId, limit).map((row) => integerOf(row, 'file_id'))
  }

  removed(fileIds: readonly number[]): void {
    for (const id of fileIds) this.#prepare('DELETE FROM fragment_removals WHERE file_id = ?').run(id)
  }

  #one(sql: string, ...values: SQLInputValue[]): ArchivedFragment | null {
    const row = this.#get(sql, ...values)
    return row === undefined ? null : toFragment(row)
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values)
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values)
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}

/** By server time, the seek starts after the expired fragments. */
function seekFrom({ clock, startMs, retainedSinceMs }: FragmentQuery, after: FragmentCursor | null): FragmentCursor {
  const from = after ?? { timestampMs: startMs, sequence: -1 }
  return clock === 'server' && from.timestampMs < retainedSinceMs ? { timestampMs: retainedSinceMs, sequence: -1 } : from
}

function toFragment(row: Row): ArchivedFragment {
  const sequence = integerOf(row, 'sequence')
  const serverTimestampMs = integerOf(row, 'server_ms')
  return {
    streamId: integerOf(row, 'stream_id'),
    fragmentNumber: formatFragmentNumber({ sequence, serverTimestampMs, nonce: integerOf(row, 'nonce') }),
    sequence,
    sessionId: integerOf(row, 'session_id'),
    producerTimestampMs: integerOf(row, 'producer_ms'),
    serverTimestampMs,
    lengthMs: integerOf(row, 'length_ms'),
    sizeBytes: integerOf(row, 'size_bytes'),
    clusterBytes: integerOf(row, 'cluster_bytes'),
    frameFault: textOrNullOf(row, 'frame_fault'),
    source: { kind: 'archived', fileId: integerOf(row, 'file_id') },
  }
}
