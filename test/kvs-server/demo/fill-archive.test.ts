import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { ArchivedFragment } from '../../../src/kvs-server/archive/archived-fragment.js'
import { fillArchive } from '../../../src/kvs-server/demo/fill-archive.js'
import { LoopedFootage } from '../../../src/kvs-server/demo/looped-footage.js'
import { MovingClock, storePast } from '../../../src/kvs-server/demo/past-footage.js'
import { getStream } from '../../../src/kvs-server/operations/stream-checks.js'
import { buildKvsServer, type KvsServer } from '../../../src/kvs-server/server.js'

const NOW_MS = Date.UTC(2026, 10, 23, 14, 0, 7)
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const DAY_MS = 24 * HOUR_MS
const FOOTAGE = new URL('../../../src/kvs-server/demo/footage/car-park.mkv', import.meta.url)
const CAMERAS = ['car-park', 'front-door', 'loading-dock']

async function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'clipgate-demo-'))
}

async function withServer<T>(dataDir: string, use: (server: KvsServer) => T | Promise<T>, nowMs = NOW_MS): Promise<T> {
  await using server = await buildKvsServer({ dataDir, port: 0, clock: { now: () => nowMs } })
  return await use(server)
}

function fragmentsOf({ streams, archive }: KvsServer, name: string, clock: 'server' | 'producer' = 'producer'): ArchivedFragment[] {
  const stream = getStream(streams, { name, arn: null })
  return archive.list(stream, { clock, startMs: 0, endMs: NOW_MS + 100 * DAY_MS }, { limit: 100_000 })
}

function startsOf(server: KvsServer, name: string): number[] {
  return fragmentsOf(server, name).map(({ producerTimestampMs }) => producerTimestampMs)
}

/** The longest time between the starts of two consecutive fragments. */
function longestStepMs(starts: readonly number[]): number {
  return Math.max(...starts.slice(1).map((start, index) => start - (starts[index] ?? 0)))
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
    expect(await fillArchive({ dataDir, nowMs: NOW_MS })).toMatchObject({ isFilled: true })
  })
  afterAll(() => rm(dataDir, { recursive: true, force: true }))

  test('is the last hour of three cameras, on both clocks, in less than 200 MB', async () => {
    await withServer(dataDir, (server) => {
      expect(server.streams.list({ limit: 10 }).map(({ name }) => name)).toEqual(CAMERAS)
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
      // Frames are 2 s apart from second 0 of the minute on. Audio priming begins up to 40 ms earlier.
      for (const { producerTimestampMs } of fragmentsOf(server, 'loading-dock')) expect(producerTimestampMs % 2_000).toBe(0)
      for (const { producerTimestampMs } of fragmentsOf(server, 'front-door')) {
        expect((producerTimestampMs + 40) % 2_000).toBeLessThanOrEqual(40)
      }
    })
  })

  test('leaves a gap of several minutes in one camera', async () => {
    await withServer(dataDir, (server) => {
      const starts = startsOf(server, 'loading-dock')
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

  test.each(['mine', 'front-door'])('does not change an archive with a stream that it did not create: %s', async (name) => {
    await withServer(dataDir, ({ streams }) => streams.create({ name, dataRetentionInHours: 2 }))
    expect(await fillArchive({ dataDir, nowMs: NOW_MS })).toEqual({ isFilled: false, streams: [] })
    await withServer(dataDir, (server) => {
      expect(server.streams.list({ limit: 10 }).map((stream) => stream.name)).toEqual([name])
      expect(fragmentsOf(server, name)).toEqual([])
    })
  })

  test('starts again after an interrupted run', async () => {
    await fillArchive({ dataDir, nowMs: NOW_MS })
    // As a killed process leaves it: the fill is not recorded as complete.
    const database = new DatabaseSync(join(dataDir, 'index.sqlite'))
    database.exec('UPDATE demo_streams SET is_whole = 0')
    database.exec('DELETE FROM fragments WHERE file_id > 1000')
    database.close()
    const laterMs = NOW_MS + MINUTE_MS
    expect(await fillArchive({ dataDir, nowMs: laterMs })).toMatchObject({ isFilled: true })
    await withServer(
      dataDir,
      (server) => {
        for (const name of CAMERAS) {
          const starts = startsOf(server, name)
          expect(new Set(starts).size).toBe(starts.length)
          expect(starts[0]).toBeLessThan(laterMs - HOUR_MS + 3_000)
          expect(starts.at(-1)).toBeGreaterThan(laterMs - 5_000)
        }
        expect(longestStepMs(startsOf(server, 'front-door'))).toBeLessThan(2_100)
      },
      laterMs,
    )
  })
})

describe('a start on a previously filled archive', () => {
  let dataDir: string
  let arns: readonly string[]
  beforeAll(async () => {
    dataDir = await makeFolder()
    await fillArchive({ dataDir, nowMs: NOW_MS })
    arns = await withServer(dataDir, ({ streams }) => streams.list({ limit: 10 }).map(({ arn }) => arn))
  })
  afterAll(() => rm(dataDir, { recursive: true, force: true }))

  test('changes nothing after some seconds', async () => {
    const { isFilled, streams } = await fillArchive({ dataDir, nowMs: NOW_MS + 20_000 })
    expect(isFilled).toBe(false)
    expect(streams.map(({ camera }) => camera.streamName).toSorted()).toEqual(CAMERAS)
  })

  test('continues after some minutes where the live camera stopped, without a hole and without a second copy', async () => {
    const laterMs = NOW_MS + 10 * MINUTE_MS
    expect(await fillArchive({ dataDir, nowMs: laterMs })).toMatchObject({ isFilled: true })
    await withServer(
      dataDir,
      (server) => {
        const starts = startsOf(server, 'front-door')
        expect(starts.at(-1)).toBeGreaterThan(laterMs - 5_000)
        expect(longestStepMs(starts)).toBeLessThan(2_100)
        expect(startsOf(server, 'car-park').at(-1)).toBeLessThan(NOW_MS)
      },
      laterMs,
    )
  })

  test('replaces the previous hour of a camera that is not live, but keeps what a user uploaded to its stream', async () => {
    const footage = await LoopedFootage.load(FOOTAGE)
    const cluster = footage.clustersFrom(NOW_MS).next().value
    await withServer(dataDir, async ({ archive, streams }) => {
      const { id: streamId } = getStream(streams, { name: 'car-park', arn: null })
      const clock = new MovingClock(NOW_MS)
      await storePast({ archive, streams, streamId, header: footage.header, clusters: [cluster], afterMs: NOW_MS, clock })
    })
    const [soonMs, laterMs] = [NOW_MS + 1.5 * HOUR_MS, NOW_MS + 3 * HOUR_MS]
    expect(await fillArchive({ dataDir, nowMs: soonMs })).toMatchObject({ isFilled: true })
    expect(await fillArchive({ dataDir, nowMs: laterMs })).toMatchObject({ isFilled: true })
    await withServer(
      dataDir,
      async (server) => {
        await server.archive.sweep()
        expect(startsOf(server, 'car-park').filter((start) => start < laterMs - HOUR_MS)).toEqual([cluster.timestampMs])
        expect(longestStepMs(startsOf(server, 'loading-dock'))).toBeLessThan(8 * MINUTE_MS)
      },
      laterMs,
    )
    // At most two hours of front-door, and one hour of each other camera.
    expect(await sizeOf(dataDir)).toBeLessThan(120_000_000)
  })

  test('has the last hour of all cameras again a day later, in the same streams', async () => {
    const laterMs = NOW_MS + DAY_MS
    expect(await fillArchive({ dataDir, nowMs: laterMs })).toMatchObject({ isFilled: true })
    await withServer(
      dataDir,
      (server) => {
        expect(server.streams.list({ limit: 10 }).map(({ arn }) => arn)).toEqual(arns)
        for (const name of CAMERAS) {
          for (const clock of ['server', 'producer'] as const) {
            const inHour = fragmentsOf(server, name, clock).filter(({ producerTimestampMs }) => producerTimestampMs >= laterMs - HOUR_MS)
            expect(inHour.length).toBeGreaterThan(1_500)
          }
          expect(startsOf(server, name).at(-1)).toBeGreaterThan(laterMs - 5_000)
        }
      },
      laterMs,
    )
  })

  test('leaves a stream unchanged after a user turned off its retention or recreated it', async () => {
    await withServer(dataDir, ({ streams }) => {
      for (const stream of streams.list({ limit: 10 })) streams.update(stream, { dataRetentionInHours: 0 })
      streams.delete(getStream(streams, { name: 'front-door', arn: null }))
      streams.create({ name: 'front-door', dataRetentionInHours: 24 })
    })
    const { isFilled, streams } = await fillArchive({ dataDir, nowMs: NOW_MS + 3 * DAY_MS })
    expect(isFilled).toBe(false)
    expect(streams.map(({ camera }) => camera.streamName).toSorted()).toEqual(['car-park', 'loading-dock'])
  })
})
