import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { DiskPartStore, type DiskPartStoreOptions } from '../../../src/delivery/parts/disk-part-store.js'
import { StoreFull } from '../../../src/delivery/parts/part-broken.js'
import { fileBytes } from '../../../src/delivery/parts/part-footer.js'
import type { PartFetch, PartHandle } from '../../../src/delivery/ports.js'
import { until } from '../../support/clip-client.js'
import { collect, countingFetch, patternBytes } from '../../support/part-bodies.js'

const SIGNAL = new AbortController().signal
const NOT_FETCHED: PartFetch = async () => {
  throw new Error('fetched although it is stored')
}
const mount = (...args: string[]) => spawnSync('mount', args).status === 0
/** Real file systems, of a given size or read-only, where mounting is permitted (as root, in a container with that right). */
const mayMount = (() => {
  const probe = spawnSync('sh', ['-c', 'd=$(mktemp -d) && mount -t tmpfs -o size=1m none "$d" && umount "$d"; e=$?; rmdir "$d"; exit $e'])
  return probe.status === 0
})()
const onRealDisks = mayMount ? describe : describe.skip

let folder = ''
const stores: DiskPartStore[] = []
const problems: string[] = []

async function openStore(options: Partial<DiskPartStoreOptions> = {}): Promise<DiskPartStore> {
  const onProblem = (message: string) => problems.push(message)
  const store = await DiskPartStore.open({ folder, capBytes: 1e9, onProblem, ...options })
  stores.push(store)
  return store
}

const readAll = (handle: PartHandle) => collect(handle.read({ start: 0, end: Number.MAX_SAFE_INTEGER }, SIGNAL))
const pathOf = (key: string) => join(folder, `${createHash('sha256').update(key).digest('hex')}.part`)
const isQuiet = async () => !(await readdir(folder)).some((name) => name.endsWith('.tmp'))

async function fill(store: DiskPartStore, key: string, bytes: Buffer): Promise<void> {
  const handle = await store.open(key, countingFetch(bytes).fetch)
  await handle.whole(SIGNAL)
  handle.release()
  await until(isQuiet)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-disk-'))
  problems.length = 0
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  if (mayMount) spawnSync('umount', ['-l', folder])
  await rm(folder, { recursive: true, force: true })
})

onRealDisks('a disk that is read only (skipped where mounting is not permitted)', () => {
  const bytes = patternBytes(300_000)

  beforeEach(async () => {
    mount('-t', 'tmpfs', '-o', 'size=4m', 'none', folder)
    const before = await openStore()
    await fill(before, 'k', bytes)
    await before.close()
    expect(mount('-o', 'remount,ro', folder)).toBe(true)
  })

  test('serves stored parts, also after a restart', async () => {
    const parts = await openStore()
    const handle = await parts.open('k', NOT_FETCHED)
    expect((await readAll(handle)).equals(bytes)).toBe(true)
    expect(await handle.sha256(SIGNAL)).toBe(createHash('sha256').update(bytes).digest('hex'))
    handle.release()
    expect(problems).toEqual([])
  })

  test('has no room for another part, even when the limit requires an eviction', async () => {
    const parts = await openStore({ capBytes: 100_000 })
    await expect(parts.open('other', countingFetch(patternBytes(1000)).fetch)).rejects.toBeInstanceOf(StoreFull)
    const handle = await parts.open('k', NOT_FETCHED)
    expect((await readAll(handle)).equals(bytes)).toBe(true)
    handle.release()
  })
})

onRealDisks('a disk that is full (skipped where mounting is not permitted)', () => {
  beforeEach(() => {
    mount('-t', 'tmpfs', '-o', 'size=1m', 'none', folder)
  })

  test('frees the space of parts without holders', async () => {
    const parts = await openStore()
    for (const key of ['a', 'b', 'c', 'd', 'e']) await fill(parts, key, patternBytes(400_000))
    const handle = await parts.open('e', NOT_FETCHED)
    expect((await readAll(handle)).equals(patternBytes(400_000))).toBe(true)
    handle.release()
  })

  test('frees the space of idle parts that are still open', async () => {
    const parts = await openStore()
    const idle = await parts.open('a', countingFetch(patternBytes(700_000)).fetch)
    await idle.whole(SIGNAL)
    await until(isQuiet)
    parts.onPressure(() => idle.release())
    await fill(parts, 'b', patternBytes(700_000))
    expect((await readdir(folder)).length).toBe(1)
  })

  test('frees the space of a part that a stalled reader holds, and the reader still gets every byte', async () => {
    const parts = await openStore({ stalledAfterMs: 0 })
    const bytes = patternBytes(700_000)
    const { fetch, calls } = countingFetch(bytes)
    const handle = await parts.open('a', fetch)
    await handle.whole(SIGNAL)
    await until(isQuiet)
    const reading = handle.read({ start: 0, end: 700_000 }, SIGNAL)[Symbol.asyncIterator]()
    const first = Buffer.from((await reading.next()).value)
    await fill(parts, 'b', patternBytes(700_000, 2))
    const rest = await collect({ [Symbol.asyncIterator]: () => reading })
    expect(Buffer.concat([first, rest]).equals(bytes)).toBe(true)
    expect(calls()).toBe(2)
    handle.release()
    await until(isQuiet)
  })
})

describe('stalled readers', () => {
  const bytes = patternBytes(100_000)

  test('of all parts that fit in the store do not block other requests', async () => {
    const parts = await openStore({ capBytes: 3 * fileBytes(100_000), stalledAfterMs: 0 })
    const stalled: AsyncIterator<Uint8Array>[] = []
    const handles: PartHandle[] = []
    const firsts: Buffer[] = []
    for (const key of ['a', 'b', 'c']) {
      const handle = await parts.open(key, countingFetch(bytes).fetch)
      await handle.whole(SIGNAL)
      await until(isQuiet)
      const reading = handle.read({ start: 0, end: 100_000 }, SIGNAL)[Symbol.asyncIterator]()
      firsts.push(Buffer.from((await reading.next()).value))
      stalled.push(reading)
      handles.push(handle)
    }
    for (const key of ['d', 'e', 'f', 'g']) await fill(parts, key, bytes)
    expect(parts.sizeBytes).toBeLessThanOrEqual(3 * fileBytes(100_000))
    for (const [index, reading] of stalled.entries()) {
      const rest = await collect({ [Symbol.asyncIterator]: () => reading })
      expect(Buffer.concat([firsts[index] ?? Buffer.alloc(0), rest]).equals(bytes)).toBe(true)
    }
    for (const handle of handles) {
      expect((await readAll(handle)).equals(bytes)).toBe(true)
      handle.release()
    }
    await until(isQuiet)
  })

  test('keep their parts while there is other room, and for a while when there is none', async () => {
    const parts = await openStore({ capBytes: 2 * fileBytes(100_000), stalledAfterMs: 60_000 })
    const { fetch, calls } = countingFetch(bytes)
    const handle = await parts.open('a', fetch)
    await handle.whole(SIGNAL)
    await until(isQuiet)
    await fill(parts, 'b', bytes)
    await fill(parts, 'c', bytes)
    const other = await parts.open('c', NOT_FETCHED)
    await expect(parts.open('d', countingFetch(bytes).fetch)).rejects.toBeInstanceOf(StoreFull)
    expect((await readAll(handle)).equals(bytes)).toBe(true)
    expect(calls()).toBe(1)
    handle.release()
    other.release()
  })

  test('get an error instead of different bytes when the footage has changed', async () => {
    const parts = await openStore({ capBytes: fileBytes(100_000), stalledAfterMs: 0 })
    let seed = 1
    const handle = await parts.open('a', async (signal) => countingFetch(patternBytes(100_000, seed++)).fetch(signal))
    await handle.whole(SIGNAL)
    await until(isQuiet)
    await fill(parts, 'b', bytes)
    await expect(readAll(handle)).rejects.toMatchObject({ breakage: 'DAMAGED' })
    handle.release()
  })
})

describe('an unreadable part', () => {
  test('is not removed', async () => {
    const parts = await openStore()
    // Simulates a file that the disk cannot read: opening it for reading and writing fails, although it exists.
    await mkdir(pathOf('k'))
    await expect(parts.open('k', countingFetch(patternBytes(10)).fetch)).rejects.toMatchObject({ code: 'EISDIR' })
    expect((await stat(pathOf('k'))).isDirectory()).toBe(true)
  })
})
