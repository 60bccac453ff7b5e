// The worker of CheckpointThread: runs one checkpoint for each message and replies when it is done.
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

const database = new DatabaseSync(String(workerData))
// The pages that a checkpoint copies must be on disk before the log restarts.
database.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0')

parentPort?.on('message', () => {
  database.exec('PRAGMA wal_checkpoint(PASSIVE)')
  parentPort?.postMessage(null)
})
