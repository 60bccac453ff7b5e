import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { DiskReserve } from '../../../src/kvs-server/archive/disk-reserve.js'
import { eventually } from '../../support/eventually.js'

const SIZE_BYTES = 1_500_000

let dataDir: string
let file: string
let reserve: DiskReserve
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'clipgate-reserve-'))
  file = join(dataDir, 'reserve')
  reserve = new DiskReserve({ dataDir, sizeBytes: SIZE_BYTES })
  await reserve.make()
})
afterEach(async () => {
  await reserve.close()
  await rm(dataDir, { recursive: true, force: true })
})

/** The error of SQLite when there is no room, without a full disk. */
function writeWithoutRoom(): never {
  using database = new DatabaseSync(':memory:')
  database.exec('PRAGMA max_page_count = 2; CREATE TABLE rows (bytes BLOB)')
  database.exec('INSERT INTO rows VALUES (zeroblob(100000))')
  throw new Error('there was room')
}

describe('the reserve', () => {
  test('occupies space on the disk', async () => {
    expect((await stat(file)).size).toBe(SIZE_BYTES)
    expect(await readdir(dataDir)).toEqual(['reserve'])
  })

  test('is released for a change that has no room in the index, and the change then succeeds', () => {
    let tries = 0
    const change = () => {
      tries += 1
      return existsSync(file) ? writeWithoutRoom() : 'made'
    }
    expect(reserve.spend(change)).toBe('made')
    expect(tries).toBe(2)
  })

  test('is kept when a change succeeds, or fails for another reason', () => {
    expect(reserve.spend(() => 'made')).toBe('made')
    expect(() =>
      reserve.spend(() => {
        throw new Error('no such stream')
      }),
    ).toThrow('no such stream')
    expect(existsSync(file)).toBe(true)
  })

  test('does not hide a full disk once it is spent', () => {
    expect(() => reserve.spend(writeWithoutRoom)).toThrow('database or disk is full')
    expect(() => reserve.spend(writeWithoutRoom)).toThrow('database or disk is full')
  })

  test('is restored when there is room', async () => {
    expect(() => reserve.spend(writeWithoutRoom)).toThrow()
    expect(existsSync(file)).toBe(false)
    const other = new DiskReserve({ dataDir, sizeBytes: SIZE_BYTES, intervalMs: 10 })
    await eventually(async () => expect((await stat(file)).size).toBe(SIZE_BYTES))
    await other.close()
  })

  test('is not restored from the last free space', async () => {
    const huge = new DiskReserve({ dataDir, sizeBytes: Number.MAX_SAFE_INTEGER })
    await huge.make()
    await huge.close()
    expect((await stat(file)).size).toBe(SIZE_BYTES)
    expect(await readdir(dataDir)).toEqual(['reserve'])
  })
})
