// Rebuilds the index from files: `streams`, `records/` and the media.
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { systemClock } from '../../lib/clock.js'
import { codeOf } from '../../lib/thrown.js'
import { INDEX_FILE, inTransaction, lockDataDir, openDatabase } from './database.js'
import { nodeFileSystem } from './file-system.js'
import { FragmentFiles } from './fragment-files.js'
import { FragmentIndex } from './fragment-index.js'
import type { FragmentEntry } from './fragment-records.js'
import { findWhole, restoreFragment, setAsideOthers } from './left-over-files.js'
import { type KnownRecords, readRecords } from './read-records.js'
import { SessionTable } from './session-table.js'
import { readStreamFile, type StreamEntry, type StreamsEntry } from './stream-file.js'
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION, StreamTable } from './stream-table.js'
import { TagTable } from './tag-table.js'

export interface RebuiltIndex {
  readonly streams: number
  readonly fragments: number
  /** Media files without a record. */
  readonly aside: number
}

/** Keeps the old index under another name. @throws ArchiveError */
export async function rebuildIndex(dataDir: string): Promise<RebuiltIndex> {
  await mkdir(dataDir, { recursive: true })
  using open = new DisposableStack()
  open.defer(lockDataDir(dataDir))
  await putAway(dataDir)
  const database = open.use(openDatabase(join(dataDir, INDEX_FILE)))
  const files = new FragmentFiles(dataDir, nodeFileSystem)
  await files.recover()
  const [records, listed, ids] = await Promise.all([readRecords(dataDir, () => true), readStreamFile(dataDir), files.listAfter(-1)])
  const whole = (await findWhole(ids, records, files)).filter((entry) => streamOf(entry, { records, listed }) !== null)
  fill(database, { records, listed, whole })
  const aside = await setAsideOthers(ids, whole, files)
  await files.close()
  return { streams: new StreamTable(database, TABLE_OPTIONS).count(), fragments: whole.length, aside }
}

const TABLE_OPTIONS = { region: DEFAULT_REGION, accountId: DEFAULT_ACCOUNT_ID, clock: systemClock }

async function putAway(dataDir: string): Promise<void> {
  const stamp = new Date(systemClock.now()).toISOString().replaceAll(/[:.]/g, '-')
  for (const suffix of ['', '-wal', '-shm']) {
    await rename(join(dataDir, INDEX_FILE + suffix), join(dataDir, `${INDEX_FILE}.damaged-${stamp}${suffix}`)).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error
    })
  }
}

interface Sources {
  readonly records: KnownRecords
  readonly listed: StreamsEntry | null
}

/** The last known state of the stream. Null for a deleted stream, whose media cannot be requested. */
function streamOf(entry: FragmentEntry, { records, listed }: Sources): StreamEntry | null {
  const last = listed?.streams.find(({ stream }) => stream.id === entry.streamId)
  if (last !== undefined) return last
  const stream = records.sessions.get(entry.sessionId)?.stream
  const isDeleted = listed !== null && entry.streamId <= listed.lastId
  return stream === undefined || isDeleted ? null : { stream, storageTier: 'HOT', tags: {} }
}

function fill(database: DatabaseSync, { records, listed, whole }: Sources & { readonly whole: readonly FragmentEntry[] }): void {
  const streams = new StreamTable(database, TABLE_OPTIONS)
  const tags = new TagTable(database)
  const stores = { index: new FragmentIndex(database), sessions: new SessionTable(database) }
  const known = new Map((listed?.streams ?? []).map((entry) => [entry.stream.id, entry]))
  for (const entry of whole) {
    const stream = streamOf(entry, { records, listed })
    if (stream !== null && !known.has(entry.streamId)) known.set(entry.streamId, stream)
  }
  inTransaction(database, () => {
    for (const { stream, storageTier, tags: own } of known.values()) {
      streams.restore(stream, storageTier)
      tags.put(stream.id, new Map(Object.entries(own)))
    }
    for (const entry of whole) restoreFragment(stores, entry, records)
    raise(database, 'streams', Math.max(listed?.lastId ?? 0, ...known.keys()))
    raise(database, 'media_sessions', highest(records.sessions.keys()))
    raise(database, 'fragments', highest(records.fragments.keys()))
  })
}

function highest(ids: Iterable<number>): number {
  let most = 0
  for (const id of ids) most = Math.max(most, id)
  return most
}

/** An id is never assigned twice, even when nothing with that id is left. */
function raise(database: DatabaseSync, table: string, id: number): void {
  database.prepare('DELETE FROM sqlite_sequence WHERE name = ? AND seq < ?').run(table, id)
  database
    .prepare('INSERT INTO sqlite_sequence (name, seq) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)')
    .run(table, id, table)
}
