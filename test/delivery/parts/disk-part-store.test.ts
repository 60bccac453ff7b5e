import { createHash } from 'node:crypto'
import { mkdtemp, open, readdir, readFile, readlink, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { DiskPartStore, type DiskPartStoreOptions } from '../../../src/delivery/parts/disk-part-store.js'
import { StoreFull } from '../../../src/delivery/parts/part-broken.js'
import { fileBytes } from '../../../src/delivery/parts/part-footer.js'
import { createTemporaryName } from '../../../src/delivery/parts/temporary-name.js'
import type { PartFetch, PartHandle } from '../../../src/delivery/ports.js'
import { collect, countingFetch, HandFedSource, patternBytes } from '../../support/part-bodies.js'

const SIGNAL = new AbortController().signal
const NOT_FETCHED: PartFetch = async () => {
  throw new Error('fetched although it is stored')
}

let folder = ''
const stores: DiskPartStore[] = []

async function openStore(options: Partial<DiskPartStoreOptions> = {}): Promise<DiskPartStore> {
  const store = await DiskPartStore.open({ folder, capBytes: 100_000_000, ...options })
  stores.push(store)
  return store
}

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'clipgate-store-')), 'clips')
})

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  await rm(join(folder, '..'), { recursive: true, force: true })
})

const readAll = (handle: PartHandle) => collect(handle.read({ start: 0, end: Number.MAX_SAFE_INTEGER }, SIGNAL))

/** Waits until the part is on disk and has no holders. */
async function store(parts: DiskPartStore, key: string, bytes: Buffer): Promise<void> {
  const handle = await parts.open(key, countingFetch(bytes).fetch)
  await handle.whole(SIGNAL)
  handle.release()
  await until(async () => (await temporaries()).length === 0)
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`never came true: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const files = async () => (await readdir(folder)).filter((name) => name.endsWith('.part'))
const temporaries = async () => (await readdir(folder)).filter((name) => name.endsWith('.tmp'))
const pathOf = (key: string) => join(folder, `${createHash('sha256').update(key).digest('hex')}.part`)
const isStored = async (key: string) =>
  stat(pathOf(key)).then(
    () => true,
    () => false,
  )

describe('a part that is fetched', () => {
  test('is fetched once for all concurrent requests, and then read from disk', async () => {
    const parts = await openStore()
    const bytes = patternBytes(3_000_000)
    const { fetch, calls } = countingFetch(bytes)
    const handles = await Promise.all(Array.from({ length: 100 }, () => parts.open('k', fetch)))
    expect(handles.map(({ origin }) => origin).filter((origin) => origin === 'fetched')).toHaveLength(1)
    const read = await Promise.all(handles.slice(0, 20).map(readAll))
    expect(read.every((content) => content.equals(bytes))).toBe(true)
    for (const handle of handles) handle.release()
    const again = await parts.open('k', NOT_FETCHED)
    expect(again.origin).toBe('stored')
    expect((await readAll(again)).equals(bytes)).toBe(true)
    again.release()
    expect(calls()).toBe(1)
  })

  test.each([0, 1, 65_535, 65_536, 65_537, 262_144, 1_000_003])('gives the same bytes in every span when it has %i bytes', async (size) => {
    const parts = await openStore()
    const bytes = patternBytes(size, size)
    for (const chunkBytes of [1_000, 65_536, 100_001]) {
      const handle = await parts.open(`k${chunkBytes}`, countingFetch(bytes, chunkBytes).fetch)
      expect((await readAll(handle)).equals(bytes)).toBe(true)
      expect(await handle.whole(SIGNAL)).toBe(size)
      for (const [start, end] of [
        [0, 2],
        [size - 1, size],
        [65_530, 65_540],
        [Math.floor(size / 3), Math.floor(size / 2)],
        [1, size - 1],
      ] as const) {
        if (start < 0 || end <= start) continue
        expect((await collect(handle.read({ start, end }, SIGNAL))).equals(bytes.subarray(start, end))).toBe(true)
      }
      handle.release()
    }
  })

  test('is read while it arrives, and a read of a later span waits only for its own bytes', async () => {
    const parts = await openStore()
    const bytes = patternBytes(500_000)
    const source = new HandFedSource(500_000)
    const handle = await parts.open('k', source.fetch)
    const near = handle.read({ start: 0, end: 500_000 }, SIGNAL)[Symbol.asyncIterator]()
    const far = collect(handle.read({ start: 300_000, end: 300_010 }, SIGNAL))
    source.feed(bytes.subarray(0, 1_000))
    expect(Buffer.from((await near.next()).value).equals(bytes.subarray(0, 1_000))).toBe(true)
    source.feed(bytes.subarray(1_000, 300_010))
    expect((await far).equals(bytes.subarray(300_000, 300_010))).toBe(true)
    expect(handle.state).toEqual({ state: 'arriving', arrivedBytes: 300_010, expectedBytes: 500_000 })
    source.feed(bytes.subarray(300_010))
    source.end()
    expect(await handle.whole(SIGNAL)).toBe(500_000)
    await near.return?.()
    handle.release()
  })

  test('reports each change of its state', async () => {
    const parts = await openStore()
    const source = new HandFedSource(null)
    const handle = await parts.open('k', source.fetch)
    const states: unknown[] = []
    handle.onProgress((state) => states.push(state))
    source.feed(patternBytes(10))
    await until(() => states.length === 1)
    source.end()
    await handle.whole(SIGNAL)
    expect(states).toEqual([
      { state: 'arriving', arrivedBytes: 10, expectedBytes: null },
      { state: 'complete', sizeBytes: 10 },
    ])
    handle.release()
  })

  test('arrives at the speed of its source when a reader stalls', async () => {
    const parts = await openStore()
    const bytes = patternBytes(5_000_000)
    const handle = await parts.open('k', countingFetch(bytes).fetch)
    const stalled = handle.read({ start: 0, end: bytes.byteLength }, SIGNAL)[Symbol.asyncIterator]()
    const first = Buffer.from((await stalled.next()).value)
    expect(await handle.whole(SIGNAL)).toBe(5_000_000)
    const other = await parts.open('k', NOT_FETCHED)
    expect((await readAll(other)).equals(bytes)).toBe(true)
    const rest = await collect({ [Symbol.asyncIterator]: () => stalled })
    expect(Buffer.concat([first, rest]).equals(bytes)).toBe(true)
    other.release()
    handle.release()
  })

  test('is aborted when its handle is released, and the next request fetches it again', async () => {
    const parts = await openStore()
    const source = new HandFedSource(null)
    const handle = await parts.open('k', source.fetch)
    source.feed(patternBytes(10))
    expect((await collect(handle.read({ start: 0, end: 10 }, SIGNAL))).byteLength).toBe(10)
    handle.release()
    handle.release()
    await until(() => source.isLeft)
    await until(async () => (await readdir(folder)).length === 0 && parts.sizeBytes === 0)
    expect(source.signal?.aborted).toBe(true)
    const { fetch, calls } = countingFetch(patternBytes(10))
    const anew = await parts.open('k', fetch)
    expect(anew.origin).toBe('fetched')
    expect(calls()).toBe(1)
    anew.release()
  })

  test('is aborted when its requester leaves, and the request that waited for it fetches it', async () => {
    const parts = await openStore()
    const controller = new AbortController()
    const bytes = patternBytes(100)
    const leaving = parts.open('k', () => new Promise(() => {}), controller.signal)
    const staying = parts.open('k', countingFetch(bytes).fetch)
    controller.abort(new Error('I leave'))
    await expect(leaving).rejects.toThrow('I leave')
    const handle = await staying
    expect((await readAll(handle)).equals(bytes)).toBe(true)
    handle.release()
  })

  test('leaves no file open when all requesters leave before it is opened', async () => {
    const parts = await openStore()
    await store(parts, 'k', patternBytes(100_000))
    for (let round = 0; round < 20; round++) {
      const controller = new AbortController()
      const opening = [
        parts.open('k', NOT_FETCHED, controller.signal),
        parts.open(`n${round}`, countingFetch(patternBytes(10)).fetch, controller.signal),
      ]
      for (let turn = 0; turn < round; turn++) await new Promise(setImmediate)
      controller.abort(new Error('I leave'))
      for (const result of await Promise.allSettled(opening)) if (result.status === 'fulfilled') result.value.release()
    }
    await parts.close()
    const openFiles = async () => {
      const links = await readdir('/proc/self/fd').catch(() => [])
      const targets = await Promise.all(links.map((link) => readlink(`/proc/self/fd/${link}`).catch(() => '')))
      return targets.filter((target) => target.startsWith(folder))
    }
    await until(async () => (await openFiles()).length === 0)
  })

  test('fails when the fetch is refused, and the next request retries', async () => {
    const parts = await openStore()
    const refused: PartFetch = () => Promise.reject(new Error('throttled'))
    await expect(parts.open('k', refused)).rejects.toThrow('throttled')
    const handle = await parts.open('k', countingFetch(patternBytes(5)).fetch)
    expect((await readAll(handle)).equals(patternBytes(5))).toBe(true)
    handle.release()
  })
})

describe('a source that fails', () => {
  const bytes = patternBytes(200_000)

  async function expectNothingKept(parts: DiskPartStore): Promise<void> {
    await until(async () => (await readdir(folder)).length === 0 && parts.sizeBytes === 0)
    const handle = await parts.open('k', countingFetch(bytes).fetch)
    expect((await readAll(handle)).equals(bytes)).toBe(true)
    handle.release()
  }

  test('fails its readers when it breaks off, and leaves no file', async () => {
    const parts = await openStore()
    const source = new HandFedSource(200_000)
    const handle = await parts.open('k', source.fetch)
    const reading = readAll(handle)
    const whole = handle.whole(SIGNAL)
    source.feed(bytes.subarray(0, 70_000))
    source.breakOff(new Error('reset by peer'))
    await expect(reading).rejects.toThrow('reset by peer')
    await expect(whole).rejects.toThrow('reset by peer')
    expect(handle.state).toMatchObject({ state: 'failed' })
    // The bytes that arrived are valid, and holders can still read them.
    expect((await collect(handle.read({ start: 0, end: 70_000 }, SIGNAL))).equals(bytes.subarray(0, 70_000))).toBe(true)
    handle.release()
    await expectNothingKept(parts)
  })

  test.each([
    ['too few bytes', 100_000, 'WRONG_LENGTH'],
    ['too many bytes', 200_001, 'WRONG_LENGTH'],
  ])('is detected when it sends %s', async (_name, sent, breakage) => {
    const parts = await openStore()
    const handle = await parts.open('k', async () => ({
      sizeBytes: 200_000,
      bytes: (await countingFetch(patternBytes(sent)).fetch(SIGNAL)).bytes,
    }))
    await expect(readAll(handle)).rejects.toMatchObject({ name: 'PartBroken', breakage })
    handle.release()
    await expectNothingKept(parts)
  })

  test('is cut off at the size limit when it never ends', async () => {
    const parts = await openStore({ maxPartBytes: 1_000_000 })
    async function* endless() {
      for (;;) yield patternBytes(50_000)
    }
    const handle = await parts.open('k', async () => ({ sizeBytes: null, bytes: endless() }))
    await expect(handle.whole(SIGNAL)).rejects.toMatchObject({ breakage: 'TOO_LARGE' })
    handle.release()
    await expect(parts.open('k', async () => ({ sizeBytes: 1_000_001, bytes: endless() }))).rejects.toMatchObject({ breakage: 'TOO_LARGE' })
    await expectNothingKept(parts)
  })

  test('is aborted when it stalls, even before it answers', async () => {
    const parts = await openStore({ idleTimeoutMs: 50 })
    let signal: AbortSignal | null = null
    const silent: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) }
    const handle = await parts.open('k', async (given) => {
      signal = given
      return { sizeBytes: null, bytes: silent }
    })
    await expect(handle.whole(SIGNAL)).rejects.toMatchObject({ breakage: 'STALLED' })
    expect(signal).toMatchObject({ aborted: true })
    handle.release()
    await expectNothingKept(parts)
  })
})

describe('a stored part', () => {
  test('is available after a restart, with its SHA-256', async () => {
    const bytes = patternBytes(700_000)
    const before = await openStore()
    await store(before, 'k', bytes)
    const handle = await before.open('k', NOT_FETCHED)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(await Promise.all([handle.sha256(SIGNAL), handle.sha256(SIGNAL)])).toEqual([sha256, sha256])
    handle.release()
    await before.close()
    const after = await openStore()
    expect(after.sizeBytes).toBe(fileBytes(700_000))
    const again = await after.open('k', NOT_FETCHED)
    expect((await readAll(again)).equals(bytes)).toBe(true)
    expect(await again.sha256(SIGNAL)).toBe(sha256)
    again.release()
  })

  test('is removed at start if an earlier process left it incomplete, and foreign files are left alone', async () => {
    await (await openStore()).close()
    const own = createTemporaryName('aaaa')
    await writeFile(join(folder, own.replace(/-[0-9a-f]{8}-/, '-00000000-')), 'half, of a process that had our id')
    await writeFile(join(folder, own.replace(`-${process.pid}-`, '-999999999-').replace(/-[0-9a-f]{8}-/, '-00000000-')), 'half')
    await writeFile(join(folder, 'bbbb.999999999-7.tmp'), 'half, of an earlier version')
    await writeFile(join(folder, own), 'of this process')
    await writeFile(join(folder, `cccc.${process.ppid}-1.tmp`), 'of a process that lives')
    await writeFile(join(folder, 'notes.txt'), 'kept')
    await openStore()
    expect((await readdir(folder)).sort()).toEqual([own, `cccc.${process.ppid}-1.tmp`, 'notes.txt'])
  })

  test('is evicted when room is needed, least recently used first, also across restarts', async () => {
    const room = { capBytes: 3 * fileBytes(100_000) }
    const before = await openStore(room)
    for (const key of ['a', 'b', 'c']) await store(before, key, patternBytes(100_000))
    await before.close()
    const seconds = Date.now() / 1000
    for (const [age, key] of ['c', 'b', 'a'].entries()) await utimes(pathOf(key), seconds - 100 + age, seconds - 100 + age)
    const after = await openStore(room)
    const used = await after.open('c', NOT_FETCHED)
    used.release()
    await store(after, 'd', patternBytes(100_000))
    expect(await Promise.all(['a', 'b', 'c', 'd'].map(isStored))).toEqual([true, false, true, true])
    expect(after.sizeBytes).toBe(room.capBytes)
    await after.close()
    // The use of c was recorded, so a is now the least recently used.
    const last = await openStore(room)
    await store(last, 'e', patternBytes(100_000))
    expect(await Promise.all(['a', 'c', 'd', 'e'].map(isStored))).toEqual([false, true, true, true])
  })

  test('is never evicted while it is read, even if there is then no room', async () => {
    const parts = await openStore({ capBytes: 2 * fileBytes(100_000) })
    const bytes = patternBytes(100_000)
    await store(parts, 'a', bytes)
    const held = await parts.open('a', NOT_FETCHED)
    const reading = held.read({ start: 0, end: 100_000 }, SIGNAL)[Symbol.asyncIterator]()
    const first = Buffer.from((await reading.next()).value)
    held.release()
    await store(parts, 'b', bytes)
    await store(parts, 'c', bytes)
    expect(await Promise.all(['a', 'b', 'c'].map(isStored))).toEqual([true, false, true])
    const alsoHeld = await parts.open('c', NOT_FETCHED)
    await expect(parts.open('d', countingFetch(bytes).fetch)).rejects.toBeInstanceOf(StoreFull)
    expect(Buffer.concat([first, await collect({ [Symbol.asyncIterator]: () => reading })]).equals(bytes)).toBe(true)
    alsoHeld.release()
    await store(parts, 'd', bytes)
    expect(await isStored('d')).toBe(true)
  })

  test('is evicted for a part of unknown size as it arrives, and a part that does not fit at all is refused', async () => {
    const parts = await openStore({ capBytes: 1_000_000 })
    await store(parts, 'a', patternBytes(400_000))
    const growing = await parts.open('b', async () => ({
      sizeBytes: null,
      bytes: (await countingFetch(patternBytes(900_000)).fetch(SIGNAL)).bytes,
    }))
    expect(await growing.whole(SIGNAL)).toBe(900_000)
    expect(await isStored('a')).toBe(false)
    growing.release()
    await until(async () => (await temporaries()).length === 0)
    const tooLarge = await parts.open('c', async () => ({
      sizeBytes: null,
      bytes: (await countingFetch(patternBytes(1_100_000)).fetch(SIGNAL)).bytes,
    }))
    await expect(tooLarge.whole(SIGNAL)).rejects.toBeInstanceOf(StoreFull)
    tooLarge.release()
    await until(async () => (await temporaries()).length === 0)
  })

  test('is also evicted above a maximum number of parts', async () => {
    const parts = await openStore({ maxParts: 2 })
    for (const key of ['a', 'b', 'c']) await store(parts, key, patternBytes(10))
    await until(async () => (await files()).length === 2)
    await parts.close()
    await openStore({ maxParts: 1 })
    expect(await files()).toHaveLength(1)
  })
})

describe('a damaged file', () => {
  const bytes = patternBytes(300_000)

  async function flip(at: number): Promise<void> {
    const file = await open(pathOf('k'), 'r+')
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at)
    await file.write(Buffer.from([(buffer[0] ?? 0) ^ 0x40]), 0, 1, at)
    await file.close()
  }

  const damages: [string, () => Promise<void>][] = [
    ['shortened', () => truncate(pathOf('k'), 200_000)],
    ['emptied', () => truncate(pathOf('k'), 0)],
    ['lengthened', () => writeFile(pathOf('k'), 'more', { flag: 'a' })],
    ['with a wrong footer', () => flip(300_002)],
    ['with a wrong magic', () => flip(fileBytes(300_000) - 1)],
    ['that is something else', () => writeFile(pathOf('k'), patternBytes(fileBytes(300_000), 9))],
  ]

  test.each(damages)('%s is fetched again when it is opened', async (_name, damage) => {
    const before = await openStore()
    await store(before, 'k', bytes)
    // Closed, so that the damaged file has no holder.
    await before.close()
    await damage()
    const parts = await openStore()
    const { fetch, calls } = countingFetch(bytes)
    const handle = await parts.open('k', fetch)
    expect((await readAll(handle)).equals(bytes)).toBe(true)
    expect(calls()).toBe(1)
    handle.release()
  })

  test.each([0, 65_535, 131_072, 299_999])(
    'never returns the wrong byte %i: it is fetched again without the reader noticing',
    async (at) => {
      const problems: string[] = []
      const parts = await openStore({ onProblem: (message) => problems.push(message) })
      await store(parts, 'k', bytes)
      await flip(at)
      const { fetch, calls } = countingFetch(bytes)
      const [handle, other] = [await parts.open('k', fetch), await parts.open('k', fetch)]
      expect(handle.origin).toBe('stored')
      const read = await Promise.all([readAll(handle), readAll(other)])
      expect(read.every((content) => content.equals(bytes))).toBe(true)
      expect((await collect(handle.read({ start: 5, end: 70_000 }, SIGNAL))).equals(bytes.subarray(5, 70_000))).toBe(true)
      expect(calls()).toBe(1)
      expect(problems.length).toBeGreaterThan(0)
      handle.release()
      other.release()
      await until(async () => (await temporaries()).length === 0)
      const again = await parts.open('k', NOT_FETCHED)
      expect((await readAll(again)).equals(bytes)).toBe(true)
      again.release()
    },
  )

  test.each([
    ['gives other bytes', countingFetch(patternBytes(300_000, 2)).fetch, { breakage: 'DAMAGED' }],
    ['gives fewer bytes', countingFetch(bytes.subarray(0, 299_999)).fetch, { breakage: 'DAMAGED' }],
    ['is refused', NOT_FETCHED, { message: 'fetched although it is stored' }],
  ])('fails its reader before the wrong byte when fetching it again %s', async (_name, fetch, error) => {
    const parts = await openStore()
    await store(parts, 'k', bytes)
    await flip(290_000)
    const handle = await parts.open('k', fetch)
    const got: Buffer[] = []
    const reading = async () => {
      for await (const chunk of handle.read({ start: 0, end: 300_000 }, SIGNAL)) got.push(Buffer.from(chunk))
    }
    await expect(reading()).rejects.toMatchObject(error)
    const given = Buffer.concat(got)
    expect(given.byteLength).toBeGreaterThan(200_000)
    expect(given.equals(bytes.subarray(0, given.byteLength))).toBe(true)
    handle.release()
    const again = await parts.open('other', countingFetch(bytes).fetch)
    expect((await readAll(again)).equals(bytes)).toBe(true)
    again.release()
  })
})

describe('the folder', () => {
  test('can be removed while the store runs: readers continue, and the next request creates it again', async () => {
    const problems: string[] = []
    const parts = await openStore({ onProblem: (message) => problems.push(message) })
    const bytes = patternBytes(300_000)
    await store(parts, 'a', bytes)
    const reading = await parts.open('a', NOT_FETCHED)
    const source = new HandFedSource(300_000)
    const arriving = await parts.open('b', source.fetch)
    source.feed(bytes.subarray(0, 100_000))
    await rm(folder, { recursive: true })
    source.feed(bytes.subarray(100_000))
    source.end()
    expect((await readAll(reading)).equals(bytes)).toBe(true)
    expect((await readAll(arriving)).equals(bytes)).toBe(true)
    await until(() => problems.length > 0)
    reading.release()
    arriving.release()
    for (const key of ['a', 'b', 'c']) {
      const { fetch, calls } = countingFetch(bytes)
      const handle = await parts.open(key, fetch)
      expect((await readAll(handle)).equals(bytes)).toBe(true)
      expect(calls()).toBe(1)
      handle.release()
    }
  })

  test('can be shared by two stores', async () => {
    const [one, other] = [await openStore(), await openStore()]
    const bytes = patternBytes(100_000)
    await store(one, 'k', bytes)
    const handle = await other.open('k', NOT_FETCHED)
    expect((await readAll(handle)).equals(bytes)).toBe(true)
    handle.release()
  })

  test('accepts keys with any characters', async () => {
    const parts = await openStore()
    for (const key of ['', '../../etc/passwd', 'a/b', 'A', 'a', '\0', 'ключ']) await store(parts, key, patternBytes(10, key.length))
    expect(await files()).toHaveLength(7)
    expect((await readFile(pathOf('A'))).subarray(0, 10).equals(patternBytes(10, 1))).toBe(true)
  })
})

test('a closed store aborts arriving parts and refuses new requests', async () => {
  const parts = await openStore()
  const source = new HandFedSource(null)
  const handle = await parts.open('k', source.fetch)
  const whole = handle.whole(SIGNAL)
  whole.catch(() => null)
  await parts.close()
  await expect(whole).rejects.toMatchObject({ breakage: 'CLOSED' })
  await expect(parts.open('k', source.fetch)).rejects.toMatchObject({ breakage: 'CLOSED' })
  expect(await readdir(folder)).toEqual([])
  handle.release()
})

test.each([
  [
    'heeds its signal',
    (signal: AbortSignal) => new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  ],
  ['never answers', () => new Promise<never>(() => {})],
])('a closed store writes nothing to disk for a part whose source was still being requested and %s', async (_name, fetch) => {
  const parts = await openStore()
  const opening = parts.open('k', fetch)
  opening.catch(() => null)
  await until(async () => (await temporaries()).length > 0)
  await parts.close()
  expect(await readdir(folder)).toEqual([])
  await expect(opening).rejects.toMatchObject({ breakage: 'CLOSED' })
})
