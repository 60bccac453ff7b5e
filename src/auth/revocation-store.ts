import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { EpochMs } from '../lib/clock.js'

/** Other gateways on this machine may share the file. Their revocations must hold within a second. */
const POLL_MS = 500
/** Later than the expiry of every URL: CLIP_URL_MAX_TTL is at most a year, and a URL is valid for 1.25 times its lifetime. */
const LONGEST_URL_MS = 1.25 * 366 * 86_400_000
const MAX_ROWS = 100_000
/** The share of the rows that is merged when the table is full. */
const MERGED_SHARE = 0.01
/** Revokes the URLs of everyone. */
const EVERYONE = 'everyone'

const SCHEMA = `CREATE TABLE IF NOT EXISTS revocation (
  target TEXT NOT NULL, streams TEXT NOT NULL, revoked_before INTEGER NOT NULL, PRIMARY KEY (target, streams)
) WITHOUT ROWID`

export interface Revocation {
  readonly revokedBeforeMs: EpochMs
  /** The stream patterns that it is limited to, as JSON. Empty if it is not limited. */
  readonly streams: string
}

/**
 * The revocations of clip URLs, in one SQLite file that several gateways may share. A revocation is on disk when `add` returns. Reads always see
 * the revocations of all gateways.
 */
export class RevocationStore {
  readonly #database: DatabaseSync
  readonly #find: StatementSync
  readonly #timer: NodeJS.Timeout
  readonly #listeners = new Set<() => void>()
  #version: unknown

  constructor(
    file: string,
    nowMs: EpochMs,
    private readonly maxRows: number = MAX_ROWS,
  ) {
    this.#database = openDatabase(file)
    this.#removeExpired(nowMs)
    this.#find = this.#database.prepare('SELECT revoked_before, streams FROM revocation WHERE target IN (?, ?)')
    this.#version = this.#readVersion()
    this.#timer = setInterval(() => this.#poll(), POLL_MS)
    this.#timer.unref()
  }

  /** The revocations of the target, and those of everyone. */
  find(target: string): readonly Revocation[] {
    return this.#find
      .all(target, EVERYONE)
      .map(({ revoked_before, streams }) => ({ revokedBeforeMs: Number(revoked_before), streams: String(streams) }))
  }

  /** Revokes all URLs that were issued up to now. Returns the time before which they were issued, later than that of any earlier revocation. */
  add(target: string, streams: string, nowMs: EpochMs): EpochMs {
    const { latest } = this.#database.prepare('SELECT max(revoked_before) AS latest FROM revocation WHERE target = ?').get(target) ?? {}
    const revokedBeforeMs = Math.max(Number(latest ?? 0), nowMs) + 1
    this.#put(target, streams, revokedBeforeMs)
    this.#mergeOldest()
    for (const listener of this.#listeners) listener()
    return revokedBeforeMs
  }

  /** Called after each revocation, also of other gateways. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#database.close()
  }

  /** A gateway with a read-only disk still serves stored clips, and refuses URLs that were revoked before. */
  #removeExpired(nowMs: EpochMs): void {
    try {
      this.#database.prepare('DELETE FROM revocation WHERE revoked_before < ?').run(Math.floor(nowMs - LONGEST_URL_MS))
    } catch (error) {
      if (resultCodeOf(error) !== SQLITE_READONLY) throw error
    }
  }

  #put(target: string, streams: string, revokedBeforeMs: EpochMs): void {
    this.#database
      .prepare(
        'INSERT INTO revocation VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET revoked_before = max(revoked_before, excluded.revoked_before)',
      )
      .run(target, streams, revokedBeforeMs)
  }

  /** A full table revokes more than requested, never less: the oldest revocations become one for everyone. */
  #mergeOldest(): void {
    const { count } = this.#database.prepare('SELECT count(*) AS count FROM revocation').get() ?? {}
    if (Number(count) <= this.maxRows) return
    const oldest = 'SELECT revoked_before FROM revocation WHERE target <> ? ORDER BY revoked_before LIMIT ?'
    const { latest } =
      this.#database
        .prepare(`SELECT max(revoked_before) AS latest FROM (${oldest})`)
        .get(EVERYONE, Math.ceil(this.maxRows * MERGED_SHARE)) ?? {}
    this.#put(EVERYONE, '', Number(latest))
    this.#database.prepare('DELETE FROM revocation WHERE revoked_before <= ? AND target <> ?').run(Number(latest), EVERYONE)
  }

  #poll(): void {
    const version = this.#readVersion()
    if (version === this.#version) return
    this.#version = version
    for (const listener of this.#listeners) listener()
  }

  /** Changes when another connection writes. https://www.sqlite.org/pragma.html#pragma_data_version */
  #readVersion(): unknown {
    return this.#database.prepare('PRAGMA data_version').get()?.data_version
  }
}

const SQLITE_READONLY = 8
const SQLITE_CANTOPEN = 14

function openDatabase(file: string): DatabaseSync {
  const setUp = (database: DatabaseSync) => {
    database.exec(`PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; ${SCHEMA}`)
    return database
  }
  try {
    return setUp(new DatabaseSync(file))
  } catch (error) {
    if (resultCodeOf(error) !== SQLITE_CANTOPEN) throw error
    // The disk is read-only and has no revocations. A new one must fail, because it would not survive a restart.
    const empty = setUp(new DatabaseSync(':memory:'))
    empty.exec('PRAGMA query_only = TRUE')
    return empty
  }
}

/** The primary result code: https://www.sqlite.org/rescode.html */
function resultCodeOf(error: unknown): number | null {
  // Not `instanceof Error`: see lib/thrown.ts.
  return typeof error === 'object' && error !== null && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : null
}
