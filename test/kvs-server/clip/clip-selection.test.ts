import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { unsyncedFileSystem } from '../../../src/kvs-server/archive/file-system.js'
import { limitClip, MAX_CLIP_BYTES, selectClipFragments } from '../../../src/kvs-server/clip/clip-selection.js'
import { withoutNewerRuns } from '../../../src/kvs-server/clip/without-newer-runs.js'
import { NOW, openTestArchive, type TestArchive } from '../../support/archive-for-test.js'
import { footage, recording } from '../../support/footage.js'

interface Plain {
  readonly number: string
  readonly producerMs: number
  readonly serverMs: number
  readonly lengthMs: number
  readonly sizeBytes: number
}

const covers = ({ producerMs, lengthMs }: Plain, instantMs: number) => producerMs <= instantMs && instantMs < producerMs + lengthMs

/** Whether `given`, all of them older, cover more than half of the fragment's time and belong to other runs. Counts each millisecond. */
function isCovered(fragment: Plain, given: readonly Plain[], older: readonly Plain[]): boolean {
  const { producerMs: startMs, lengthMs } = fragment
  if (given.some(({ producerMs }) => producerMs === startMs)) return true
  const around = older.filter(({ producerMs }) => producerMs >= startMs - 20_000 && producerMs <= startMs + lengthMs)
  const isOther = ({ number }: Plain) =>
    around.some(
      (earlier) =>
        earlier.number >= number &&
        [...around, fragment].some((later) => later.number > earlier.number && later.producerMs < earlier.producerMs),
    )
  const others = given.filter((other) => around.includes(other) && isOther(other))
  const instants = Array.from({ length: lengthMs }, (_, index) => startMs + index)
  return instants.filter((instantMs) => others.some((other) => covers(other, instantMs))).length * 2 > lengthMs
}

/** The rules applied one after the other to all fragments. All numbers have the same count of digits. */
function selectNaively(all: readonly Plain[], clock: 'producer' | 'server', startMs: number, endMs: number): string[] {
  const startOf = (fragment: Plain) => (clock === 'producer' ? fragment.producerMs : fragment.serverMs)
  const inRange = all.filter((fragment) => startOf(fragment) >= startMs && startOf(fragment) <= endMs)
  const byAge = inRange.toSorted((a, b) => (a.number < b.number ? -1 : 1))
  const taken: Plain[] = []
  for (const fragment of byAge) {
    if (clock === 'server' || !isCovered(fragment, taken, byAge.slice(0, byAge.indexOf(fragment)))) taken.push(fragment)
  }
  const played = taken.toSorted((a, b) => startOf(a) - startOf(b) || (a.number < b.number ? -1 : 1))
  let bytes = 0
  return played
    .slice(0, 200)
    .filter(({ sizeBytes }) => {
      bytes += sizeBytes
      return bytes <= 100_000_000
    })
    .map(({ number }) => number)
}

/**
 * Some hours of three ingest runs, with gaps, a run over the same time as another, and a run that was uploaded long after it was
 * recorded.
 */
async function fill(archive: TestArchive) {
  const stream = archive.createStream('cam', 24)
  const runs = [
    { startMs: NOW - 3_600_000, count: 120, everyMs: 2000, paceMs: 2000 },
    { startMs: NOW - 3_560_000, count: 40, everyMs: 1500, paceMs: 1500 },
    { startMs: NOW - 3_600_000, count: 110, everyMs: 2000, paceMs: 10 },
    // Starts just before the fragments of the first run end.
    { startMs: NOW - 3_598_300, count: 20, everyMs: 2000, paceMs: 2000 },
    { startMs: NOW - 1_200_000, count: 30, everyMs: 3000, paceMs: 3000 },
  ]
  archive.clock.at = NOW - 3_600_000
  for (const { startMs, count, everyMs, paceMs } of runs) {
    const session = archive.session(stream, [], startMs)
    await session.receive(recording([]))
    for (let index = 0; index < count; index += 1) {
      archive.clock.at += paceMs
      // A hole in the middle of each run.
      const ticks = index * everyMs + (index > count / 2 ? 60_000 : 0)
      await session.receive(footage(ticks, { frames: 3, frameMs: everyMs / 3, bytes: 10 }))
    }
    await session.finish()
    archive.clock.at += 120_000
  }
  archive.clock.at = NOW
  return stream
}

describe('the selection of a clip', () => {
  test('equals that of a naive implementation of the rules, for 1,000 ranges by both clocks', async () => {
    await using archive = await openTestArchive({ fileSystem: unsyncedFileSystem })
    const stream = await fill(archive)
    const rows = archive.archive.list(stream, { clock: 'server', startMs: 0, endMs: NOW }, { limit: 10_000 })
    expect(rows).toHaveLength(320)
    const all = rows.map(
      (row): Plain => ({
        number: row.fragmentNumber,
        producerMs: row.producerTimestampMs,
        serverMs: row.serverTimestampMs,
        lengthMs: row.lengthMs,
        sizeBytes: row.sizeBytes,
      }),
    )
    const edges = fc.oneof(
      fc.integer({ min: NOW - 3_700_000, max: NOW }),
      fc.constantFrom(...all.flatMap(({ producerMs, serverMs }) => [producerMs, serverMs, producerMs + 1, serverMs - 1])),
    )
    fc.assert(
      fc.property(fc.constantFrom('producer' as const, 'server' as const), edges, edges, (clock, a, b) => {
        const range = { clock, startMs: Math.min(a, b), endMs: Math.max(a, b) }
        const selected = selectClipFragments(archive.archive, stream, range).map(({ fragmentNumber }) => fragmentNumber)
        expect(selected).toEqual(selectNaively(all, clock, range.startMs, range.endMs))
      }),
      { numRuns: 1000 },
    )
  })

  const rows = (count: number, sizeBytes: number) =>
    Array.from({ length: count }, (_, index) => ({ sequence: index, producerTimestampMs: index * 1000, lengthMs: 960, sizeBytes }))

  test('ends with the 200th fragment', () => {
    expect(limitClip(rows(200, 1))).toHaveLength(200)
    expect(limitClip(rows(201, 1))).toHaveLength(200)
  })

  test('excludes the fragment that would cross 100 MB, but is never empty', () => {
    expect(limitClip(rows(3, MAX_CLIP_BYTES / 2))).toHaveLength(2)
    expect(limitClip(rows(3, MAX_CLIP_BYTES / 2 + 1))).toHaveLength(1)
    expect(limitClip(rows(2, MAX_CLIP_BYTES + 1))).toHaveLength(1)
  })

  test('has the older of two fragments with one producer timestamp, and of two runs over the same time', () => {
    const fragment = (sequence: number, producerTimestampMs: number, lengthMs = 2000) => ({ sequence, producerTimestampMs, lengthMs })
    const sequences = (...fragments: ReturnType<typeof fragment>[]) => [...withoutNewerRuns(fragments)].map(({ sequence }) => sequence)
    expect(sequences(fragment(1, 0), fragment(2, 0))).toEqual([1])
    // Increasing timestamps can belong to one run, however far its fragments overlap.
    expect(sequences(fragment(1, 0), fragment(2, 1), fragment(3, 2))).toEqual([1, 2, 3])
    expect(sequences(fragment(1, 0), fragment(2, 0), fragment(3, 500))).toEqual([1, 3])
    // The third fragment starts before the second, which is older.
    expect(sequences(fragment(1, 0), fragment(3, 500), fragment(2, 2000))).toEqual([1, 2])
    expect(sequences(fragment(1, 0), fragment(3, 1500), fragment(2, 2000))).toEqual([1, 2])
    expect(sequences(fragment(1, 0), fragment(3, 1500), fragment(2, 3000))).toEqual([1, 3, 2])
    // A single frame reveals its run only together with the previous frame.
    expect(sequences(fragment(1, 0), fragment(3, 500, 0), fragment(2, 2000), fragment(4, 2500, 0))).toEqual([1, 3, 2])
    // A run remains a separate run after the older run has ended.
    expect(sequences(fragment(1, 0), fragment(3, 500), fragment(2, 2000), fragment(4, 2500), fragment(5, 4500))).toEqual([1, 2, 5])
    // An excluded fragment covers nothing.
    expect(sequences(fragment(1, 0), fragment(3, 500), fragment(4, 1999, 1000), fragment(2, 2000, 400))).toEqual([1, 4, 2])
  })
})
