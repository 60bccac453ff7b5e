import { stat } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import { indexDamaged } from './archive-error.js'
import { inTransaction } from './database.js'
import { directoryOf, type FragmentFiles } from './fragment-files.js'
import type { FragmentIndex } from './fragment-index.js'
import { formatFragmentNumber } from './fragment-number.js'
import type { FragmentEntry } from './fragment-records.js'
import { type KnownRecords, readRecords } from './read-records.js'
import { readSampleTable } from './sample-table-blob.js'
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
    for (const entry of known) restoreFragment({ index, sessions }, entry, records)
  })
  const restored = new Set(known.map(({ fileId }) => fileId))
  const aside = ids.filter((id) => !restored.has(id))
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
  { index, sessions }: { readonly index: FragmentIndex; readonly sessions: SessionTable },
  entry: FragmentEntry,
  records: KnownRecords,
): void {
  const { fileId, nonce, streamId, sequence, sessionId, serverMs, persistedMs } = entry
  const session = records.sessions.get(sessionId)
  if (session === undefined) return
  sessions.ensure({ id: session.id, streamId, header: Buffer.from(session.header, 'base64') })
  index.insert({
    ...{ fileId, nonce, persistedAtMs: persistedMs },
    fragment: {
      ...{ streamId, sequence, sessionId },
      fragmentNumber: formatFragmentNumber({ sequence, serverTimestampMs: serverMs, nonce }),
      producerTimestampMs: entry.producerMs,
      serverTimestampMs: serverMs,
      lengthMs: entry.lengthMs,
      sizeBytes: entry.sizeBytes,
      clusterBytes: entry.clusterBytes,
      frameFault: entry.frameFault,
      source: { kind: 'archived', fileId },
    },
    details: {
      samples: readSampleTable(new Uint8Array(Buffer.from(entry.samples, 'base64'))),
      leadingTags: Buffer.from(entry.leadingTags, 'base64'),
      trailingTags: Buffer.from(entry.trailingTags, 'base64'),
    },
  })
}
