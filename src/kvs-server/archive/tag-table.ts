import type { DatabaseSync } from 'node:sqlite'
import { inTransaction } from './database.js'

export const TAGS_PER_STREAM = 50

/** The tags of streams. They are deleted with their stream. */
export class TagTable {
  constructor(
    private readonly database: DatabaseSync,
    private readonly onChanged: () => void = () => {},
  ) {}

  list(streamId: number): Record<string, string> {
    const rows = this.database.prepare('SELECT key, value FROM stream_tags WHERE stream_id = ? ORDER BY key').all(streamId)
    return Object.fromEntries(rows.map(({ key, value }) => [String(key), String(value)]))
  }

  /** Sets all of the tags or, when the stream would then have more than `TAGS_PER_STREAM`, none. Returns how many it would have. */
  put(streamId: number, tags: ReadonlyMap<string, string>): number {
    const after = new Set([...Object.keys(this.list(streamId)), ...tags.keys()])
    if (after.size > TAGS_PER_STREAM) return after.size
    const insert = this.database.prepare('INSERT OR REPLACE INTO stream_tags VALUES (?, ?, ?)')
    inTransaction(this.database, () => {
      for (const [key, value] of tags) insert.run(streamId, key, value)
    })
    this.onChanged()
    return after.size
  }

  /** Ignores keys that the stream does not have. */
  remove(streamId: number, keys: readonly string[]): void {
    const remove = this.database.prepare('DELETE FROM stream_tags WHERE stream_id = ? AND key = ?')
    inTransaction(this.database, () => {
      for (const key of keys) remove.run(streamId, key)
    })
    this.onChanged()
  }
}
