import type { DatabaseSync } from 'node:sqlite'
import type { EpochMs } from '../../lib/clock.js'
import { integerOf } from '../archive/row.js'

/** The last filling of a demo stream: everything between two server times, both included. */
export interface Filling {
  readonly fromMs: EpochMs
  readonly toMs: EpochMs
  /** False where the filling was cut off. */
  readonly isWhole: boolean
}

/**
 * The ids of the streams that the demo created. The name is not enough: a user may create a stream with the name of a camera. A row is deleted
 * with its stream.
 */
export class DemoStreams {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Null for a stream that is not the demo's. */
  findFilling(streamId: number): Filling | null {
    const row = this.#database.prepare('SELECT * FROM demo_streams WHERE stream_id = ?').get(streamId)
    if (row === undefined) return null
    return { fromMs: integerOf(row, 'filled_from_ms'), toMs: integerOf(row, 'filled_to_ms'), isWhole: integerOf(row, 'is_whole') === 1 }
  }

  beginFilling(streamId: number, { fromMs, toMs }: Pick<Filling, 'fromMs' | 'toMs'>): void {
    this.#database.prepare('INSERT OR REPLACE INTO demo_streams VALUES (?, ?, ?, 0)').run(streamId, fromMs, toMs)
  }

  endFilling(streamId: number): void {
    this.#database.prepare('UPDATE demo_streams SET is_whole = 1 WHERE stream_id = ?').run(streamId)
  }
}
