import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const LOCK_FILE = 'lock.sqlite'
/** https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5

/** Two servers over one folder would hand out the same file ids, and each would empty the other's `incoming/`. */
export class DataDirInUse extends Error {
  override readonly name = 'DataDirInUse'

  constructor(dataDir: string, options?: ErrorOptions) {
    super(`The folder ${dataDir} is in use by another embedded KVS: stop that one, or choose another data folder.`, options)
  }
}

/**
 * Keeps the folder for the caller until the answer is called. The lock is the operating system's, held by SQLite over a file of its own
 * (https://www.sqlite.org/lockingv3.html): it goes with the process, however that ends, so there is never a stale one to clear away.
 * The index itself stays readable for others meanwhile (sqlite3, backups). @throws DataDirInUse
 */
export function lockDataDir(dataDir: string): () => void {
  const lock = new DatabaseSync(join(dataDir, LOCK_FILE))
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    throw isBusy(error) ? new DataDirInUse(dataDir, { cause: error }) : error
  }
  return () => lock.close()
}

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && Reflect.get(error, 'errcode') === SQLITE_BUSY
}
