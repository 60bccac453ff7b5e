import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ArchiveError } from './archive-error.js'

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
    if (!isBusy(error)) throw error
    const text = `The folder ${dataDir} is in use by another embedded KVS. Stop that one, or choose another DATA_DIR.`
    throw new ArchiveError('IN_USE', text, { cause: error })
  }
  return () => lock.close()
}

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && Reflect.get(error, 'errcode') === SQLITE_BUSY
}
