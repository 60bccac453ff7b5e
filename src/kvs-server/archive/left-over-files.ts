import { stat } from 'node:fs/promises'
import { indexDamaged } from './archive-error.js'
import type { ArchiveStores } from './archive-stores.js'
import { inTransaction } from './database.js'
import { directoryOf, type FragmentFiles } from './fragment-files.js'
import type { FragmentEntry } from './fragment-records.js'
import { type KnownRecords, readRecords } from './read-records.js'
import { packSampleTable, readSampleTable } from './sample-table-blob.js'

/**
 * Handles complete files that have no row. A killed process leaves the files of its last commit, and they get their rows. More files mean
 * that the index lost commits. Media without a record moves to `aside/`. Returns how many files moved. @throws ArchiveError
 */
export async function takeLeftOverFiles(dataDir: string, stores: ArchiveStores): Promise<number> {
  const { database, index, files, streams } = stores
  const lastId = index.lastFileId()
  const ids = await files.listAfter(lastId)
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
    for (const entry of known) restoreFragment(stores, entry, records)
  })
  return setAsideOthers(ids, known, files)
}

/** Moves the media of the other ids aside. Returns how many files moved. */
export async function setAsideOthers(ids: readonly number[], known: readonly FragmentEntry[], files: FragmentFiles): Promise<number> {
  const explained = new Set(known.map(({ fileId }) => fileId))
  const aside = ids.filter((id) => !explained.has(id))
  await files.setAside(aside)
  return aside.length
}

/** The records of files that have the recorded size. */
export async function findWhole(ids: readonly number[], { fragments }: KnownRecords, files: FragmentFiles): Promise<FragmentEntry[]> {
  const whole: FragmentEntry[] = []
  for (const id of ids) {
    const entry = fragments.get(id)
    if (entry !== undefined && (await stat(files.pathOf(id))).size === entry.clusterBytes) whole.push(entry)
  }
  return whole
}

/** Inserts the rows of a fragment and its session from their records. Without a record of its session, inserts nothing. */
export function restoreFragment(
  { index, sessions }: Pick<ArchiveStores, 'index' | 'sessions'>,
  entry: FragmentEntry,
  records: KnownRecords,
): void {
  const session = records.sessions.get(entry.sessionId)
  if (session === undefined) return
  const fromBase64 = (text: string) => Buffer.from(text, 'base64')
  sessions.ensure({ id: session.id, streamId: entry.streamId, header: fromBase64(session.header) })
  const { samples, leadingTags, trailingTags } = entry
  // Packed again, so that it has the current version.
  const table = packSampleTable(readSampleTable(new Uint8Array(fromBase64(samples))))
  index.insert({ ...entry, samples: table, leadingTags: fromBase64(leadingTags), trailingTags: fromBase64(trailingTags) })
}
