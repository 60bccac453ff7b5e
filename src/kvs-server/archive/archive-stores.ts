import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../lib/clock.js'
import type { CommitLog } from './commit-log.js'
import type { FragmentFiles } from './fragment-files.js'
import type { FragmentIndex } from './fragment-index.js'
import type { FragmentRecords } from './fragment-records.js'
import type { SessionTable } from './session-table.js'
import type { StreamRecord } from './stream-record.js'

/** What the parts of an archive share: the index, the files, and the streams that they belong to. */
export interface ArchiveStores {
  readonly database: DatabaseSync
  readonly commitLog: CommitLog
  readonly index: FragmentIndex
  readonly sessions: SessionTable
  readonly files: FragmentFiles
  readonly records: FragmentRecords
  readonly streams: { findById(id: number): StreamRecord | undefined }
  readonly clock: Clock
}
