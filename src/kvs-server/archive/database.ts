import { DatabaseSync } from 'node:sqlite'

/** The index's name in the folder of the archive. */
export const INDEX_FILE = 'index.sqlite'

/**
 * The archive's index: one SQLite file. Each table's class states its own DDL. In WAL mode with synchronous=FULL a commit is on disk
 * when it returns (https://www.sqlite.org/pragma.html#pragma_synchronous), which is what a PERSISTED acknowledgement promises.
 */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;')
  return database
}

/** All of `work`'s changes, or none of them. `work` is synchronous: nothing else can come between. Inside another one it is part of that. */
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
