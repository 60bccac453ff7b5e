// The thread of CheckpointThread: makes one checkpoint for each message, and says when it is over.
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

const database = new DatabaseSync(String(workerData))
// What a checkpoint has copied must be on disk before the log is begun anew.
database.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0')

parentPort?.on('message', () => {
  database.exec('PRAGMA wal_checkpoint(PASSIVE)')
  parentPort?.postMessage(null)
})
