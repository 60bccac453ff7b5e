import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../../lib/thrown.js'
import { ArchiveError, indexDamaged } from './archive-error.js'
import { integerOf } from './row.js'
import { migrateSchema, refuseNewerSchema } from './schema.js'

export const INDEX_FILE = 'index.sqlite'

/** https://www.sqlite.org/rescode.html */
const [SQLITE_CORRUPT, SQLITE_NOTADB] = [11, 26]
const LARGEST_CHECKED_BYTES = 64 * 1024 * 1024
/** CheckpointThread runs the checkpoints. If it cannot, a commit runs one when the log has so many pages. */
const LONGEST_LOG_PAGES = 16_384

/**
 * The archive's index: one SQLite file, brought to the current schema. In WAL mode with synchronous=FULL a commit is on disk
 * when it returns (https://www.sqlite.org/pragma.html#pragma_synchronous); what `inTransaction` defers is on disk after `CommitLog.sync`.
 * @throws ArchiveError
 */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file)
  try {
    refuseNewerSchema(database, dirname(file))
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;')
    database.exec(`PRAGMA wal_autocheckpoint = ${LONGEST_LOG_PAGES}`)
    checkPages(database, file)
    migrateSchema(database)
    return database
  } catch (error) {
    database.close()
    const code = sqliteCodeOf(error)
    if (code !== SQLITE_CORRUPT && code !== SQLITE_NOTADB) throw error
    throw indexDamaged(dirname(file), messageOf(error), { cause: error })
  }
}

/** A start must not read a large index. There, damage shows when the page is read. */
function checkPages(database: DatabaseSync, file: string): void {
  if (statSync(file).size > LARGEST_CHECKED_BYTES) return
  const found = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
  if (found !== 'ok') throw indexDamaged(dirname(file), String(found).split('\n').join(' '))
}

/** The primary result code of an error of SQLite, the low byte of an extended one; null for other errors. */
export function sqliteCodeOf(error: unknown): number | null {
  // Read from its members: in a vm context such as Jest's, the error is from another realm.
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'errcode') : null
  return typeof code === 'number' ? code & 0xff : null
}

/** The highest id ever assigned in the table, including deleted rows. */
export function lastIdOf(database: DatabaseSync, table: 'streams' | 'media_sessions' | 'fragments'): number {
  const row = database.prepare('SELECT seq FROM sqlite_sequence WHERE name = ?').get(table)
  return row === undefined ? 0 : integerOf(row, 'seq')
}

/** Applies all changes of `work` or none. `work` is synchronous, so nothing can run in between. A nested call joins the outer transaction. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  if (database.isTransaction) return work()
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // A full disk makes SQLite roll back by itself (https://www.sqlite.org/lang_transaction.html, section 3.2).
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/**
 * Like `inTransaction`, but does not wait for the disk: until `CommitLog.sync` resolves, a loss of power may undo the whole commit. Only the
 * last commits can be lost: synchronous=NORMAL keeps the index consistent.
 */
export function inDeferredTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('PRAGMA synchronous = NORMAL')
  try {
    return inTransaction(database, work)
  } finally {
    database.exec('PRAGMA synchronous = FULL')
  }
}

const LOCK_FILE = 'lock.sqlite'
/** https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5

/**
 * Locks the folder until the returned function is called. Two servers over one folder would assign the same file ids, and each would empty
 * the other's `incoming/`. SQLite holds a lock of the operating system on a file of its own (https://www.sqlite.org/lockingv3.html). The lock
 * ends with the process, so a stale one cannot exist. Other programs (sqlite3, backups) can still read the index. @throws ArchiveError
 */
export function lockDataDir(dataDir: string): () => void {
  const lock = new DatabaseSync(join(dataDir, LOCK_FILE))
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (sqliteCodeOf(error) !== SQLITE_BUSY) throw error
    const text = `The folder ${dataDir} is in use by another embedded KVS. Stop that one, or choose another DATA_DIR.`
    throw new ArchiveError('IN_USE', text, { cause: error })
  }
  return () => lock.close()
}
