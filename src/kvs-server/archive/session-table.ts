import { createHash } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { LRUCache } from 'lru-cache'
import type { MediaSession } from './archived-fragment.js'
import { lastIdOf } from './database.js'
import { bytesOf, integerOf } from './row.js'

const SESSIONS_REMEMBERED = 200

/** The Matroska headers that fragments share: one row for each session. Sessions with the same header share its bytes. */
export class SessionTable {
  readonly #known = new LRUCache<number, MediaSession>({ max: SESSIONS_REMEMBERED })
  readonly #prune: StatementSync
  readonly #pruneHeader: StatementSync
  readonly #insertHeader: StatementSync
  readonly #insertSession: StatementSync
  readonly #select: StatementSync
  #lastId: number

  constructor(database: DatabaseSync) {
    this.#insertHeader = database.prepare('INSERT OR IGNORE INTO media_headers (hash, bytes) VALUES (?, ?)')
    this.#insertSession = database.prepare('INSERT OR IGNORE INTO media_sessions (id, stream_id, header_hash) VALUES (?, ?, ?)')
    this.#select = database.prepare(
      'SELECT s.stream_id, h.bytes FROM media_sessions s JOIN media_headers h ON h.hash = s.header_hash WHERE s.id = ?',
    )
    this.#prune = database.prepare(
      `DELETE FROM media_sessions WHERE id IN (SELECT id FROM media_sessions WHERE stream_id = ? AND id < ? ORDER BY id LIMIT ?)
        RETURNING header_hash`,
    )
    // By hash: a search through all headers would read one for each session ever made.
    this.#pruneHeader = database.prepare(
      'DELETE FROM media_headers WHERE hash = ? AND NOT EXISTS (SELECT 1 FROM media_sessions WHERE header_hash = ?)',
    )
    this.#lastId = lastIdOf(database, 'media_sessions')
  }

  /** The session gets its row with its first fragment. Without a fragment it leaves nothing behind. */
  create(streamId: number, header: Uint8Array): MediaSession {
    this.#lastId += 1
    return this.#remember({ id: this.#lastId, streamId, header })
  }

  ensure({ id, streamId, header }: MediaSession): void {
    const hash = createHash('sha256').update(header).digest()
    this.#insertHeader.run(hash, header)
    this.#insertSession.run(id, streamId, hash)
  }

  find(id: number): MediaSession | null {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const row = this.#select.get(id)
    return row === undefined ? null : this.#remember({ id, streamId: integerOf(row, 'stream_id'), header: bytesOf(row, 'bytes') })
  }

  /**
   * Removes up to `limit` sessions of a stream that are older than the oldest session in use (`null`: all), and headers without a session.
   * Returns how many it removed: fewer than `limit` when no more are left.
   */
  prune(streamId: number, oldestUsedId: number | null, limit: number): number {
    const hashes = this.#prune.all(streamId, oldestUsedId ?? Number.MAX_SAFE_INTEGER, limit).map((row) => bytesOf(row, 'header_hash'))
    for (const hash of hashes) this.#pruneHeader.run(hash, hash)
    return hashes.length
  }

  #remember(session: MediaSession): MediaSession {
    this.#known.set(session.id, session)
    return session
  }
}
