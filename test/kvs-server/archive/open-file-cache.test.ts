import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { nodeFileSystem, type ReadableFile } from '../../../src/kvs-server/archive/file-system.js'
import { OpenFileCache } from '../../../src/kvs-server/archive/open-file-cache.js'
import { describeOnLinux } from '../../support/platforms.js'

let folder = ''
let openings = 0

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-open-files-'))
  openings = 0
  for (const id of [1, 2, 3]) await writeFile(join(folder, String(id)), `file ${id}`)
})

afterEach(() => rm(folder, { recursive: true }))

function createCache(mostKept: number): OpenFileCache {
  const open = (id: number) => {
    openings += 1
    return nodeFileSystem.open(join(folder, String(id)))
  }
  return new OpenFileCache(open, mostKept)
}

async function readAll(file: ReadableFile): Promise<string> {
  const bytes = Buffer.alloc(100)
  const length = await file.read(bytes, 0)
  await file.close()
  return bytes.toString('latin1', 0, length)
}

/** The files of the folder that this process has open, as the kernel reports them. */
async function openNames(): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd')
  const paths = await Promise.all(descriptors.map((descriptor) => readlink(join('/proc/self/fd', descriptor)).catch(() => '')))
  return paths.flatMap((path) => (path.startsWith(folder) ? [path.slice(folder.length + 1)] : [])).sort()
}

describeOnLinux('the cache of open files (skipped without /proc)', () => {
  test('opens a file once, for any number of reads and readers', async () => {
    const cache = createCache(2)
    const read = async () => readAll(await cache.lend(1))
    expect(await Promise.all([read(), read()])).toEqual(['file 1', 'file 1'])
    expect(await read()).toBe('file 1')
    expect(openings).toBe(1)
    await cache.close()
  })

  test('keeps files open up to its limit, and closes the least recently read', async () => {
    const cache = createCache(2)
    for (const id of [1, 2, 1, 3]) await readAll(await cache.lend(id))
    await cache.forget([])
    expect(await openNames()).toEqual(['1', '3'])
    await cache.close()
    expect(await openNames()).toEqual([])
  })

  test('lets readers finish a file that is forgotten while they read it', async () => {
    const cache = createCache(2)
    const lent = await cache.lend(1)
    await cache.forget([1])
    await rm(join(folder, '1'))
    expect(await readAll(lent)).toBe('file 1')
    await cache.forget([])
    expect(await openNames()).toEqual([])
    await expect(cache.lend(1)).rejects.toThrow('ENOENT')
  })

  test('closes idle files when the process reaches its limit of descriptors', async () => {
    let room = 2
    const open = async (id: number): Promise<ReadableFile> => {
      if (room === 0) throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
      room -= 1
      const file = await nodeFileSystem.open(join(folder, String(id)))
      const close = async () => {
        await file.close()
        room += 1
      }
      return { read: (into, position) => file.read(into, position), close }
    }
    const cache = new OpenFileCache(open, 9)
    await readAll(await cache.lend(1))
    const lent = await cache.lend(2)
    const other = await cache.lend(3)
    expect(await openNames()).toEqual(['2', '3'])
    await expect(cache.lend(1)).rejects.toThrow('EMFILE')
    expect([await readAll(lent), await readAll(other)]).toEqual(['file 2', 'file 3'])
    await cache.close()
    expect(await openNames()).toEqual([])
  })

  test('releases a file once, however often a reader closes it', async () => {
    const cache = createCache(2)
    const [one, other] = [await cache.lend(1), await cache.lend(1)]
    await one.close()
    await one.close()
    await cache.forget([1])
    expect(await readAll(other)).toBe('file 1')
    await cache.close()
  })

  test('does not cache a failure: the next request opens the file again', async () => {
    const cache = createCache(2)
    await expect(cache.lend(4)).rejects.toThrow('ENOENT')
    await writeFile(join(folder, '4'), 'late')
    expect(await readAll(await cache.lend(4))).toBe('late')
    await cache.close()
  })
})
