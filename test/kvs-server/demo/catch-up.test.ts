import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { unsyncedFileSystem } from '../../../src/kvs-server/archive/file-system.js'
import { LoopedFootage } from '../../../src/kvs-server/demo/looped-footage.js'
import { catchUp } from '../../../src/kvs-server/demo/past-footage.js'
import { NOW, openTestArchive, SetClock, type TestArchive } from '../../support/archive-for-test.js'
import { concatBytes } from '../../support/mkv-builder.js'

const FRAGMENT_MS = 2_000
const HOUR_MS = 3_600_000

let footage: LoopedFootage
let kept: TestArchive
beforeAll(async () => {
  footage = await LoopedFootage.load(new URL('../../../src/kvs-server/demo/footage/front-door.mkv', import.meta.url))
})
beforeEach(async () => {
  // In the middle of a Cluster.
  kept = await openTestArchive({ fileSystem: unsyncedFileSystem, clock: new SetClock(NOW + 700) })
})
afterEach(async () => kept[Symbol.asyncDispose]())

/** The stream, with a fragment that was just filmed. */
async function begin(): Promise<void> {
  const cluster = footage.clustersFrom(NOW - FRAGMENT_MS).next().value
  await kept.upload(kept.createStream('front-door'), concatBytes(footage.header, cluster.bytes), { producerStartMs: null })
}

async function filmed(hours = 2): Promise<{ nextMs: number; starts: readonly number[]; arrivals: readonly number[] }> {
  const { archive, streams, clock } = kept
  const stream = streams.find({ name: 'front-door', arn: null }) ?? kept.createStream('front-door', hours)
  const nextMs = await catchUp({ archive, streams, stream, footage, clock })
  const fragments = archive.list(stream, { clock: 'producer', startMs: 0, endMs: clock.now() + HOUR_MS }, { limit: 10_000 })
  return {
    nextMs,
    starts: fragments.map(({ producerTimestampMs }) => producerTimestampMs),
    arrivals: fragments.map(({ serverTimestampMs }) => serverTimestampMs),
  }
}

function longestStepMs(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? 0)))
}

describe('a camera that catches up', () => {
  test('stores what it missed, up to the Cluster that is being filmed, and returns when the next Cluster begins', async () => {
    await begin()
    kept.clock.at += 20_000
    const { nextMs, starts, arrivals } = await filmed()
    expect(nextMs).toBeGreaterThan(kept.clock.now())
    expect(nextMs).toBeLessThanOrEqual(kept.clock.now() + FRAGMENT_MS)
    expect(longestStepMs([...starts, nextMs])).toBeLessThan(FRAGMENT_MS + 100)
    expect(longestStepMs([...arrivals, nextMs])).toBeLessThan(FRAGMENT_MS + 100)
  })

  test('stores nothing when it missed nothing', async () => {
    await begin()
    const before = await filmed()
    kept.clock.at += 300
    expect(await filmed()).toEqual(before)
  })

  test('stores at most an hour', async () => {
    await begin()
    kept.clock.at += 90 * 60_000
    const { starts } = await filmed()
    const late = starts.filter((start) => start > NOW + FRAGMENT_MS)
    expect(late[0]).toBeGreaterThanOrEqual(kept.clock.now() - HOUR_MS)
    expect(longestStepMs(late)).toBeLessThan(FRAGMENT_MS + 100)
  })

  test('leaves the stream to another producer that is connected', async () => {
    const { id } = kept.createStream('front-door')
    const leave = kept.archive.writer.claimProducer(id)
    expect(await filmed()).toEqual({ nextMs: kept.clock.now(), starts: [], arrivals: [] })
    leave?.()
    expect(kept.archive.writer.claimProducer(id)).not.toBeNull()
  })

  test('stores nothing in a stream without retention', async () => {
    const { nextMs, starts } = await filmed(0)
    expect(starts).toEqual([])
    expect(nextMs).toBeLessThanOrEqual(kept.clock.now() + FRAGMENT_MS)
  })
})
