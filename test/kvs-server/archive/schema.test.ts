import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from '@jest/globals'
import { rebuildIndex } from '../../../src/kvs-server/archive/rebuild-index.js'
import { SCHEMA_VERSION } from '../../../src/kvs-server/archive/schema.js'
import { buildKvsServer } from '../../../src/kvs-server/server.js'
import { footage, recording } from '../../support/footage.js'
import { lookAtArchive, OLD_ARCHIVE_CLOCK } from '../../support/old-archive.js'
import { upload } from '../../support/producer.js'

const ARCHIVES = 'test/fixtures/archives'
const FIRST_BYTE_OF_TABLES = 'SELECT length(samples) % 14 AS head, hex(substr(samples, 1, 1)) AS version FROM fragment_details'

interface Copy extends AsyncDisposable {
  readonly dataDir: string
  readonly answers: unknown
}

async function copyOf(archive: string): Promise<Copy> {
  const dataDir = await mkdtemp(join(tmpdir(), 'clipgate-schema-'))
  await cp(join(ARCHIVES, archive, 'data'), dataDir, { recursive: true })
  const answers: unknown = JSON.parse(await readFile(join(ARCHIVES, archive, 'answers.json'), 'utf8'))
  return { dataDir, answers, [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }) }
}

async function withServer<Result>(dataDir: string, work: (url: string) => Promise<Result>): Promise<Result> {
  await using kvs = await buildKvsServer({ dataDir, port: 0, quotas: false, clock: OLD_ARCHIVE_CLOCK })
  // Awaited here, because the server closes when this function returns.
  return await work(await kvs.listen())
}

function query(dataDir: string, sql: string): unknown[] {
  using database = new DatabaseSync(join(dataDir, 'index.sqlite'))
  return database.prepare(sql).all()
}

const schemaOf = (dataDir: string) =>
  query(dataDir, `SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name`)
const versionOf = (dataDir: string) => query(dataDir, 'PRAGMA user_version')

describe.each(['9069c6e', '8693f29'])('an archive that commit %s wrote', (archive) => {
  test('returns the same streams, tags, fragments, media and clips, and has the current version', async () => {
    await using old = await copyOf(archive)
    expect(versionOf(old.dataDir)).toEqual([{ user_version: 0 }])
    expect(await withServer(old.dataDir, lookAtArchive)).toEqual(old.answers)
    expect(versionOf(old.dataDir)).toEqual([{ user_version: SCHEMA_VERSION }])
    expect(await withServer(old.dataDir, lookAtArchive)).toEqual(old.answers)
  })

  test('accepts new footage, whose sample tables carry a version', async () => {
    await using old = await copyOf(archive)
    await withServer(old.dataDir, (url) => upload(url, recording([footage(0)]), { stream: 'back', start: '1777895700' }))
    const tables = query(old.dataDir, FIRST_BYTE_OF_TABLES)
    expect(tables).toHaveLength(8)
    expect(tables.at(-1)).toEqual({ head: 4, version: '01' })
    expect(tables.slice(0, -1)).toEqual(tables.slice(0, -1).map(() => expect.objectContaining({ head: 0 })))
  })
})

test('has the current version after its index is rebuilt, also in its sample tables', async () => {
  await using old = await copyOf('8693f29')
  expect(await rebuildIndex(old.dataDir)).toEqual({ streams: 3, fragments: 7, aside: 0 })
  expect(versionOf(old.dataDir)).toEqual([{ user_version: SCHEMA_VERSION }])
  expect(query(old.dataDir, FIRST_BYTE_OF_TABLES)).toEqual(Array.from({ length: 7 }, () => ({ head: 4, version: '01' })))
  expect(await withServer(old.dataDir, lookAtArchive)).toEqual(old.answers)
})

test('an old index has the same tables and indexes as a new one', async () => {
  await using old = await copyOf('9069c6e')
  await using empty = await copyOf('8693f29')
  for (const name of await readdir(empty.dataDir)) await rm(join(empty.dataDir, name), { recursive: true })
  for (const { dataDir } of [old, empty]) await withServer(dataDir, async () => {})
  expect(schemaOf(old.dataDir)).toEqual(schemaOf(empty.dataDir))
})

describe('an archive that a newer version wrote', () => {
  test('is refused with a one-sentence error, and stays unchanged', async () => {
    await using old = await copyOf('8693f29')
    query(old.dataDir, `PRAGMA user_version = ${SCHEMA_VERSION + 1}`)
    const before = await readFile(join(old.dataDir, 'index.sqlite'))
    await expect(buildKvsServer({ dataDir: old.dataDir, port: 0 })).rejects.toMatchObject({
      name: 'ArchiveError',
      reason: 'TOO_NEW',
      message: `A newer version of clipgate wrote the archive in ${old.dataDir} (schema version ${SCHEMA_VERSION + 1}; this version supports up to ${SCHEMA_VERSION}). Install that version of clipgate, or choose another DATA_DIR.`,
    })
    expect(await readFile(join(old.dataDir, 'index.sqlite'))).toEqual(before)
  })
})
