import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { ArchivedFragment } from '../../../src/kvs-server/archive/archived-fragment.js'
import { fillArchive } from '../../../src/kvs-server/demo/fill-archive.js'
import { buildKvsServer, type KvsServer } from '../../../src/kvs-server/server.js'

const NOW_MS = Date.UTC(2026, 10, 23, 14, 0, 7)
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

async function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'clipgate-demo-'))
}

async function withServer<T>(dataDir: string, use: (server: KvsServer) => T | Promise<T>): Promise<T> {
  await using server = await buildKvsServer({ dataDir, port: 0, clock: { now: () => NOW_MS } })
  return await use(server)
}

function fragmentsOf({ streams, archive }: KvsServer, name: string, clock: 'server' | 'producer' = 'producer'): ArchivedFragment[] {
  const stream = streams.get({ name, arn: null })
  return archive.list(stream, { clock, startMs: 0, endMs: NOW_MS }, { limit: 10_000 })
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name))))
  return sizes.reduce((sum, { size }) => sum + size, 0)
}

describe('the demo', () => {
  let dataDir: string
  beforeAll(async () => {
    dataDir = await makeFolder()
    expect(await fillArchive({ dataDir, nowMs: NOW_MS })).toEqual({ isFilled: true })
  })
  afterAll(() => rm(dataDir, { recursive: true, force: true }))

  test('is the last hour of three cameras, on both clocks, in less than 200 MB', async () => {
    await withServer(dataDir, (server) => {
      expect(server.streams.list({ limit: 10 }).map(({ name }) => name)).toEqual(['car-park', 'front-door', 'loading-dock'])
      for (const clock of ['server', 'producer'] as const) {
        const fragments = fragmentsOf(server, 'front-door', clock)
        expect(fragments.length).toBeGreaterThanOrEqual(1797)
        expect(fragments.every(({ frameFault }) => frameFault === null)).toBe(true)
      }
      const [first] = fragmentsOf(server, 'front-door')
      expect(first?.producerTimestampMs).toBeLessThan(NOW_MS - HOUR_MS + 2_000)
      expect((first?.serverTimestampMs ?? 0) - (first?.producerTimestampMs ?? 0)).toBeLessThan(3_000)
    })
    expect(await sizeOf(dataDir)).toBeLessThan(200_000_000)
  })

  test('plays each fragment at the second that is burnt into it', async () => {
    await withServer(dataDir, (server) => {
      // Frames are 2 s apart from second 0 of the minute on; audio priming begins up to 40 ms earlier.
      for (const { producerTimestampMs } of fragmentsOf(server, 'loading-dock')) expect(producerTimestampMs % 2_000).toBe(0)
      for (const { producerTimestampMs } of fragmentsOf(server, 'front-door')) {
        expect((producerTimestampMs + 40) % 2_000).toBeLessThanOrEqual(40)
      }
    })
  })

  test('leaves a gap of minutes in one camera', async () => {
    await withServer(dataDir, (server) => {
      const starts = fragmentsOf(server, 'loading-dock').map(({ producerTimestampMs }) => producerTimestampMs)
      const steps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0))
      expect(steps.filter((step) => step > 2_100)).toEqual([expect.closeTo(7 * MINUTE_MS, -4)])
    })
  })
})

describe('filling', () => {
  let dataDir: string
  beforeEach(async () => {
    dataDir = await makeFolder()
  })
  afterEach(() => rm(dataDir, { recursive: true, force: true }))

  test('leaves an archive that holds a stream alone', async () => {
    await withServer(dataDir, ({ streams }) => streams.create({ name: 'mine' }))
    expect(await fillArchive({ dataDir, nowMs: NOW_MS })).toEqual({ isFilled: false })
    await withServer(dataDir, (server) => expect(server.streams.list({ limit: 10 }).map(({ name }) => name)).toEqual(['mine']))
  })

  test('begins anew after a filling that was cut off', async () => {
    await withServer(dataDir, ({ streams }) => streams.create({ name: 'car-park' }))
    await writeFile(join(dataDir, 'demo-filling'), '')
    expect(await fillArchive({ dataDir, nowMs: NOW_MS })).toEqual({ isFilled: true })
    await withServer(dataDir, (server) => expect(fragmentsOf(server, 'car-park').length).toBeGreaterThan(1_700))
  })
})
