import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from '@jest/globals'
import { type FileSystem, nodeFileSystem, unsyncedFileSystem } from '../../../src/kvs-server/archive/file-system.js'
import { FragmentIndex } from '../../../src/kvs-server/archive/fragment-index.js'
import { formatFragmentNumber, parseFragmentNumber } from '../../../src/kvs-server/archive/fragment-number.js'
import { SessionTable } from '../../../src/kvs-server/archive/session-table.js'
import { getStream } from '../../../src/kvs-server/operations/stream-checks.js'
import type { Acknowledgement } from '../../../src/kvs-server/upload/acknowledgement.js'
import { NOW, openTestArchive, SetClock } from '../../support/archive-for-test.js'
import { eventually } from '../../support/eventually.js'
import { footage, header, recording, tags } from '../../support/footage.js'
import { concatBytes } from '../../support/mkv-builder.js'

const ALL = { clock: 'server', startMs: 0, endMs: Number.MAX_SAFE_INTEGER } as const
const HOUR_MS = 3_600_000

async function filesOf(dataDir: string): Promise<string[]> {
  const entries = await readdir(join(dataDir, 'fragments'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

describe('fragment numbers', () => {
  test('have 47 digits, sort by sequence, and can be parsed', () => {
    const low = { sequence: 5, serverTimestampMs: NOW + 9999, nonce: 2 ** 28 - 1 }
    const high = { sequence: 6, serverTimestampMs: NOW, nonce: 0 }
    expect(formatFragmentNumber(low)).toMatch(/^\d{47}$/)
    expect(formatFragmentNumber(low) < formatFragmentNumber(high)).toBe(true)
    expect(parseFragmentNumber(formatFragmentNumber(low))).toEqual(low)
    expect(['', '1', '9'.repeat(47), 'x'.repeat(47)].map(parseFragmentNumber)).toEqual([null, null, null, null])
  })
})

describe('the archive', () => {
  test('continues with larger numbers after a restart, also when the clock was set back', async () => {
    await using first = await openTestArchive()
    const stream = first.createStream('cam')
    await first.upload(stream, recording([footage(0), footage(1000)]))
    const before = first.archive.findNewest(stream)?.fragmentNumber ?? ''
    await first.archive.close()
    await using second = await openTestArchive({ dataDir: first.dataDir, clock: new SetClock(NOW - 60_000) })
    await second.upload(stream, recording([footage(0)]))
    const after = second.archive.findNewest(stream)?.fragmentNumber ?? ''
    expect(after > before).toBe(true)
    expect(parseFragmentNumber(after)?.serverTimestampMs).toBe(NOW - 60_000)
  })

  test('removes what a crash left: unfinished files, and complete files without a row', async () => {
    await using first = await openTestArchive()
    const stream = first.createStream('cam')
    await first.upload(stream, recording([footage(0)]))
    await first.archive.close()
    await writeFile(join(first.dataDir, 'incoming', '7'), 'half a fragment')
    await writeFile(join(first.dataDir, 'fragments', '0', '2'), 'moved, but killed before its row')
    await using second = await openTestArchive({ dataDir: first.dataDir })
    expect(await readdir(join(first.dataDir, 'incoming'))).toEqual([])
    expect(await filesOf(first.dataDir)).toEqual(['1'])
    await second.upload(stream, recording([footage(5000)]))
    expect(second.archive.list(stream, ALL, { limit: 9 })).toHaveLength(2)
  })

  test('returns the frames of many fragments at once, in order, and none for a removed fragment', async () => {
    await using test = await openTestArchive()
    const stream = test.createStream('cam')
    await test.upload(stream, recording([footage(0, { frames: 2 }), footage(1000, { frames: 3 }), footage(2000, { frames: 4 })]))
    const rows = test.archive.list(stream, ALL, { limit: 9 }).reverse()
    const samples = test.archive.samples(rows)
    expect(samples).toEqual(rows.map((row) => test.archive.details(row)?.samples))
    test.clock.at += 25 * HOUR_MS
    await test.archive.sweep()
    expect(test.archive.samples(rows)).toEqual([null, null, null])
  })

  test('stores a header once, however many sessions send it', async () => {
    await using test = await openTestArchive()
    const stream = test.createStream('cam')
    await test.upload(stream, recording([footage(0)]))
    await test.upload(stream, recording([footage(9000)]))
    const rows = test.archive.list(stream, ALL, { limit: 9 })
    expect(new Set(rows.map(({ sessionId }) => sessionId)).size).toBe(2)
    const [a, b] = rows.map(({ sessionId }) => test.archive.session(sessionId)?.header)
    expect(a).toEqual(b)
  })

  test('stops listing expired footage at once, and removes it and its empty folders in the background', async () => {
    await using test = await openTestArchive()
    const stream = test.createStream('cam', 2)
    await test.upload(stream, recording([footage(0)]))
    test.clock.at += HOUR_MS + 60_000
    await test.upload(stream, recording([footage(9000)]))
    test.streams.update(stream, { dataRetentionInHours: 1 })
    const shorter = getStream(test.streams, { name: 'cam', arn: null })
    const [kept, ...more] = test.archive.list(shorter, ALL, { limit: 9 })
    expect([kept?.producerTimestampMs, more]).toEqual([NOW + 9000, []])
    expect(test.archive.findNext(shorter, -1)).toEqual(kept)
    expect(test.archive.list(shorter, ALL, { limit: 9, after: { timestampMs: NOW, sequence: Number.MAX_SAFE_INTEGER } })).toEqual([kept])
    expect(await filesOf(test.dataDir)).toHaveLength(2)
    await test.archive.sweep()
    expect(await filesOf(test.dataDir)).toEqual(['2'])
  })

  test('knows the newest fragment of a stream whose retention was changed, whether fragments are retained or live only', async () => {
    await using test = await openTestArchive()
    const stream = test.createStream('cam', 0)
    await test.upload(stream, recording([footage(0)]))
    test.streams.update(stream, { dataRetentionInHours: 2 })
    const kept = getStream(test.streams, { name: 'cam', arn: null })
    test.clock.at += 5000
    await test.upload(kept, recording([footage(5000)]))
    const [archived] = test.archive.list(kept, ALL, { limit: 9 })
    expect(archived).toMatchObject({ producerTimestampMs: NOW + 5000 })
    expect(test.archive.findNewest(kept)?.fragmentNumber).toBe(archived?.fragmentNumber)
    expect(test.archive.findAt(kept, 'producer', NOW + 6000)?.fragmentNumber).toBe(archived?.fragmentNumber)
    expect(test.archive.findAt(kept, 'server', NOW + 4999)?.producerTimestampMs).toBe(NOW)
  })

  test('never returns footage that a shorter retention removed, however long the retention becomes again', async () => {
    await using test = await openTestArchive()
    const stream = test.createStream('cam', 24)
    await test.upload(stream, recording([footage(0)]))
    test.clock.at += 2 * HOUR_MS
    await test.upload(stream, recording([footage(0)]))
    const change = (dataRetentionInHours: number) => {
      test.clock.at += 1
      test.streams.update(getStream(test.streams, { name: 'cam', arn: null }), { dataRetentionInHours })
      return test.archive.list(getStream(test.streams, { name: 'cam', arn: null }), ALL, { limit: 9 }).length
    }
    expect([change(48), change(1), change(24), change(0), change(24)]).toEqual([2, 1, 1, 0, 0])
    await test.upload(getStream(test.streams, { name: 'cam', arn: null }), recording([footage(0)]))
    expect(change(25)).toBe(1)
    test.streams.delete(getStream(test.streams, { name: 'cam', arn: null }))
    expect(test.createStream('cam', 24).keptSinceMs).toBe(0)
  })

  test('removes the footage of a deleted stream, but not while it is read', async () => {
    await using test = await openTestArchive()
    const stream = test.createStream('cam')
    await test.upload(stream, recording([footage(0), footage(1000)]))
    const [first] = test.archive.list(stream, ALL, { limit: 1 })
    if (first === undefined) throw new Error('nothing was listed')
    const release = test.archive.retain([first])
    test.streams.delete(stream)
    await test.archive.sweep()
    expect(await filesOf(test.dataDir)).toEqual(['1'])
    const file = await test.archive.open(first)
    expect(await file.read(new Uint8Array(first.clusterBytes), 0)).toBe(first.clusterBytes)
    await file.close()
    release()
    await test.archive.sweep()
    expect(await filesOf(test.dataDir)).toEqual([])
  })

  test('removes thousands of fragments in batches, and stays responsive', async () => {
    await using test = await openTestArchive({ fileSystem: unsyncedFileSystem })
    const stream = test.createStream('cam', 1)
    await test.upload(stream, recording(Array.from({ length: 450 }, (_, index) => footage(index, { frames: 1 }))))
    test.clock.at += HOUR_MS + 1
    const sweeping = test.archive.sweep()
    const acks = await test.upload(stream, recording([footage(0)]))
    expect(acks.at(-1)?.EventType).toBe('PERSISTED')
    await sweeping
    await test.archive.sweep()
    expect(await filesOf(test.dataDir)).toHaveLength(1)
  })

  test('removes sessions with their footage, and a header with its last session', async () => {
    await using test = await openTestArchive({ fileSystem: unsyncedFileSystem })
    const stream = test.createStream('cam', 1)
    const other = test.createStream('other', 9)
    await test.upload(other, recording([footage(0)]))
    const names = Array.from({ length: 210 }, (_, index) => `name-${index}`)
    for (const name of names) await test.upload(stream, concatBytes(header(), tags({ name }), footage(0)))
    test.clock.at += HOUR_MS + 1
    await test.upload(stream, concatBytes(header(), tags({ name: 'kept' }), footage(0)))
    const database = new DatabaseSync(join(test.dataDir, 'index.sqlite'))
    const count = (table: string) => database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.rows
    expect([count('media_sessions'), count('media_headers')]).toEqual([212, 212])
    await test.archive.sweep()
    expect([count('media_sessions'), count('media_headers')]).toEqual([2, 2])
    expect(test.archive.findNewest(stream)).not.toBeNull()
    database.close()
  })

  test('returns the fragment that follows a sequence, and finds fragments by number', async () => {
    await using test = await openTestArchive()
    const stream = test.createStream('cam')
    const told: string[] = []
    test.archive.arrivals.on(String(stream.id), ({ fragmentNumber }) => told.push(fragmentNumber))
    await test.upload(stream, recording([footage(0), footage(1000), footage(2000)]))
    const [a, b, c] = test.archive.list(stream, ALL, { limit: 9 })
    expect(told).toEqual([a, b, c].map((fragment) => fragment?.fragmentNumber))
    expect(test.archive.findNext(stream, -1)).toEqual(a)
    expect(test.archive.findNext(stream, a?.sequence ?? 0)).toEqual(b)
    expect(test.archive.findNext(stream, c?.sequence ?? 0)).toBeNull()
    expect(test.archive.find(stream, b?.fragmentNumber ?? '')).toEqual(b)
    expect(test.archive.find(test.createStream('other'), b?.fragmentNumber ?? '')).toBeNull()
  })

  test('persists fragments of many producers that share a commit', async () => {
    await using test = await openTestArchive()
    const streams = Array.from({ length: 16 }, (_, index) => test.createStream(`cam-${index}`))
    const acks = await Promise.all(streams.map((stream) => test.upload(stream, recording([footage(0), footage(1000)]))))
    expect(acks.flat().filter(({ EventType }) => EventType === 'PERSISTED')).toHaveLength(32)
    expect(new Set(await filesOf(test.dataDir)).size).toBe(32)
  })
})

describe('the index', () => {
  test('answers every query by a seek, without a scan or a sort, for any number of fragments', async () => {
    await using test = await openTestArchive()
    await test.upload(test.createStream('cam'), recording([footage(0)]))
    const database = new DatabaseSync(join(test.dataDir, 'index.sqlite'))
    const asked: string[] = []
    const prepare = database.prepare.bind(database)
    database.prepare = (sql: string) => {
      asked.push(sql)
      return prepare(sql)
    }
    const index = new FragmentIndex(database)
    const sessions = new SessionTable(database)
    sessions.ensure(sessions.create(1, new Uint8Array(1)))
    sessions.find(1)
    sessions.prune(1, null, 10)
    const query = { streamId: 1, startMs: 0, endMs: 9, retainedSinceMs: 0, listedUntilMs: 9 }
    index.list({ ...query, clock: 'server' }, 10)
    index.list({ ...query, clock: 'producer' }, 10)
    index.find(1, 1)
    index.findNext(1, 1, 0)
    // With this retention, the first query finds an expired fragment, and a second query skips all expired ones.
    index.findNext(1, 1, Number.MAX_SAFE_INTEGER)
    index.findNewest(1)
    index.findAt(1, 'server', 1)
    index.findAt(1, 'producer', 1)
    index.details(1)
    index.streamIds()
    index.expire(1, 1, 10)
    index.removals(0, 10)
    for (const sql of asked) {
      const values = Array.from(sql.matchAll(/\?/g), () => 1)
      const plan = prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values)
      const steps = plan.map(({ detail }) => String(detail))
      // SQLite's table of counters has one row for each table with a counter.
      expect(steps.filter((step) => /^SCAN (?!sqlite_sequence)|TEMP B-TREE/.test(step))).toEqual([])
      if (sql.includes('ORDER BY server_ms, sequence')) expect(steps.join()).toContain('fragments_by_server_time')
    }
    expect(asked.length).toBeGreaterThan(9)
    database.close()
  })
})

/** A disk on which the operation fails while `isFull` returns true. */
function failingDisk(operation: 'write' | 'sync' | 'rename' | 'create' | 'syncDirectory' | 'syncFile'): {
  fileSystem: FileSystem
  fill: () => void
  free: () => void
} {
  let isFull = false
  const check = (name: string) => {
    if (isFull && name === operation) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  }
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    async create(path) {
      check('create')
      const file = await nodeFileSystem.create(path)
      return {
        ...file,
        async write(parts, position) {
          check('write')
          await file.write(parts, position)
        },
        async sync() {
          check('sync')
          await file.sync()
        },
      }
    },
    async rename(from, to) {
      check('rename')
      await nodeFileSystem.rename(from, to)
    },
    async openToSync(path, what) {
      const file = await nodeFileSystem.openToSync(path, what)
      return {
        ...file,
        async sync() {
          check(what === 'file' ? 'syncFile' : 'syncDirectory')
          await file.sync()
        },
      }
    },
  }
  return {
    fileSystem,
    fill() {
      isFull = true
    },
    free() {
      isFull = false
    },
  }
}

describe('a commit', () => {
  test('is acknowledged as PERSISTED and sent to live readers only after the log of the index is on disk', async () => {
    const synced = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<string>()
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      async openToSync(path, what) {
        const file = await nodeFileSystem.openToSync(path, what)
        if (what === 'directory') return file
        return {
          ...file,
          async sync() {
            asked.resolve(path)
            await synced.promise
            await file.sync()
          },
        }
      },
    }
    await using test = await openTestArchive({ fileSystem })
    const stream = test.createStream('cam')
    const acks: Acknowledgement[] = []
    const session = test.session(stream, acks)
    await session.receive(recording([footage(0)]))
    const finished = session.finish()
    expect(await asked.promise).toBe(join(test.dataDir, 'index.sqlite-wal'))
    // The row is written, which is not enough.
    expect(test.archive.list(stream, ALL, { limit: 9 })).toHaveLength(1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(acks.map(({ EventType }) => EventType)).toEqual(['BUFFERING', 'RECEIVED'])
    synced.resolve()
    await finished
    expect(acks.at(-1)?.EventType).toBe('PERSISTED')
  })

  test('is rolled back when its log cannot be synced, and the sweep removes its file', async () => {
    const { fileSystem, fill, free } = failingDisk('syncFile')
    await using test = await openTestArchive({ fileSystem })
    const stream = test.createStream('cam')
    await test.upload(stream, recording([footage(0)]))
    fill()
    const acks = await test.upload(stream, recording([footage(5000)]))
    expect(acks.at(-1)).toMatchObject({ EventType: 'ERROR', ErrorId: 5001, ErrorCode: 'ARCHIVAL_ERROR' })
    expect(test.archive.list(stream, ALL, { limit: 9 })).toHaveLength(1)
    await expect(test.archive.sweep()).rejects.toThrow('ENOSPC')
    expect(await filesOf(test.dataDir)).toHaveLength(2)
    free()
    await test.archive.sweep()
    expect(await filesOf(test.dataDir)).toEqual(['1'])
    expect((await test.upload(stream, recording([footage(9000)]))).at(-1)?.EventType).toBe('PERSISTED')
  })

  test('is checkpointed before anything is PERSISTED again, after the log could not be synced', async () => {
    const { fileSystem, fill, free } = failingDisk('syncFile')
    await using test = await openTestArchive({ fileSystem })
    const stream = test.createStream('cam')
    const logBytes = async () => (await stat(join(test.dataDir, 'index.sqlite-wal'))).size
    await test.upload(stream, recording([footage(0)]))
    expect(await logBytes()).toBeGreaterThan(0)
    fill()
    await test.upload(stream, recording([footage(5000)]))
    free()
    expect((await test.upload(stream, recording([footage(9000)]))).at(-1)?.EventType).toBe('PERSISTED')
    expect(await logBytes()).toBe(0)
    expect((await test.upload(stream, recording([footage(15_000)]))).at(-1)?.EventType).toBe('PERSISTED')
    // One failure is enough.
    expect(await logBytes()).toBeGreaterThan(0)
    expect(test.archive.list(stream, ALL, { limit: 9 })).toHaveLength(3)
  })

  test('is checkpointed now and then, so that the log does not grow without a bound', async () => {
    await using test = await openTestArchive({ fileSystem: unsyncedFileSystem })
    const stream = test.createStream('cam')
    const sizeOf = async (name: string) => (await stat(join(test.dataDir, name))).size
    const before = await sizeOf('index.sqlite')
    for (let round = 0; (await sizeOf('index.sqlite')) === before && round < 40; round += 1) {
      await test.upload(stream, recording(Array.from({ length: 100 }, (_, index) => footage(index, { frames: 1 }))))
    }
    expect(await sizeOf('index.sqlite')).toBeGreaterThan(before)
  })
})

describe('a full disk', () => {
  test.each(['create', 'write', 'sync', 'rename', 'syncDirectory'] as const)(
    'ends an upload with ErrorId 5001 when %s fails, and leaves nothing incomplete',
    async (operation) => {
      const { fileSystem, fill, free } = failingDisk(operation)
      await using test = await openTestArchive({ fileSystem })
      const stream = test.createStream('cam')
      const acks: Acknowledgement[] = []
      const session = test.session(stream, acks)
      await session.receive(recording([footage(0)]))
      await session.pause()
      await eventually(() => expect(acks.at(-1)?.EventType).toBe('PERSISTED'))
      fill()
      await session.receive(footage(1000))
      await session.receive(footage(2000))
      await session.finish()
      expect(acks.filter(({ EventType }) => EventType === 'PERSISTED')).toMatchObject([{ FragmentTimecode: 0 }])
      expect(acks.at(-1)).toMatchObject({ EventType: 'ERROR', ErrorId: 5001, ErrorCode: 'ARCHIVAL_ERROR', FragmentTimecode: 1000 })
      free()
      expect(test.archive.list(stream, ALL, { limit: 9 })).toHaveLength(1)
      expect(await filesOf(test.dataDir)).toEqual(['1'])
      expect(await readdir(join(test.dataDir, 'incoming'))).toEqual([])
      const later = await test.upload(stream, recording([footage(0)]))
      expect(later.at(-1)?.EventType).toBe('PERSISTED')
    },
  )
})
