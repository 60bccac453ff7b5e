import { stat } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import { indexDamaged } from './archive-error.js'
import { inTransaction } from './database.js'
import { directoryOf, type FragmentFiles } from './fragment-files.js'
import type { FragmentIndex } from './fragment-index.js'
import type { FragmentEntry } from './fragment-records.js'
import { type KnownRecords, readRecords } from './read-records.js'
import { restoreFragment } from './restore-fragment.js'
import type { SessionTable } from './session-table.js'

export interface LeftOverOptions {
  readonly dataDir: string
  readonly database: DatabaseSync
  readonly index: FragmentIndex
  readonly sessions: SessionTable
  readonly files: FragmentFiles
  readonly streams: { findById(id: number): { readonly arn: string } | undefined }
}

/**
 * Handles complete files that have no row. A killed process leaves the files of its last commit, and they get their rows. More files mean
 * that the index lost commits. Media without a record moves to `aside/`. Returns how many files moved. @throws ArchiveError
 */
export async function takeLeftOverFiles(options: LeftOverOptions): Promise<number> {
  const { dataDir, database, index, sessions, files, streams } = options
  const lastId = index.lastFileId()
  const ids = await files.listBehind(lastId)
  if (ids.length === 0) return 0
  const records = await readRecords(dataDir, (directory) => directory >= directoryOf(lastId))
  const known = await findWhole(ids, records, files)
  const lastBatch = Math.max(...[...records.fragments.values()].map(({ batch }) => batch))
  const isLost = ({ batch, streamId, sessionId }: FragmentEntry) => {
    const arn = streams.findById(streamId)?.arn
    return batch !== lastBatch || arn === undefined || records.sessions.get(sessionId)?.stream.arn !== arn
  }
  if (known.some(isLost)) throw indexDamaged(dataDir, `it lacks ${known.length} fragments that are on disk`)
  inTransaction(database, () => {
    for (const entry of known) {
      const session = records.sessions.get(entry.sessionId)
      if (session !== undefined) restoreFragment({ index, sessions }, { entry, session, streamId: entry.streamId })
    }
  })
  const restored = new Set(known.map(({ fileId }) => fileId))
  const aside = ids.filter((id) => !restored.has(id))
  await files.setAside(aside)
  return aside.length
}

/** The records of the files whose size is the recorded one. */
export async function findWhole(ids: readonly number[], { fragments }: KnownRecords, files: FragmentFiles): Promise<FragmentEntry[]> {
  const whole: FragmentEntry[] = []
  for (const id of ids) {
    const entry = fragments.get(id)
    if (entry !== undefined && (await stat(files.pathOf(id))).size === entry.clusterBytes) whole.push(entry)
  }
  return whole
}
