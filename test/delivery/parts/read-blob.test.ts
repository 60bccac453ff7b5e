import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { DiskBlob } from '../../../src/delivery/parts/disk-blob.js'
import { readBlob } from '../../../src/delivery/parts/read-blob.js'
import { patternBytes } from '../../support/part-bodies.js'

const SIGNAL = new AbortController().signal
const CLOSE = async () => {}

interface Reader {
  readonly start: number
  readonly length: number
  /** Turns of the event loop before the reader starts, and before it takes the next chunk. */
  readonly waits: number
  /** The reader starts when the file is complete. */
  readonly isLate: boolean
  /** 64 other readers are stalled. */
  readonly isInCrowd: boolean
}

const MAX_FAST_READERS = 64

/** Copies each chunk before it requests the next one, because the part reader then reuses its memory. */
async function readSlowly(file: DiskBlob, { start, length, waits, isLate, isInCrowd }: Reader, end: number): Promise<Buffer> {
  if (isLate) await file.whenReadable(end, SIGNAL)
  const crowd = isInCrowd ? await stallReaders(file) : []
  const chunks: Buffer[] = []
  await turns(waits)
  for await (const chunk of readBlob(file, { start, end: Math.min(start + length, end) }, SIGNAL)) {
    await turns(waits)
    chunks.push(Buffer.from(chunk))
  }
  for (const stalled of crowd) await stalled.return(undefined)
  return Buffer.concat(chunks)
}

async function stallReaders(file: DiskBlob): Promise<AsyncGenerator<Uint8Array>[]> {
  const crowd = Array.from({ length: MAX_FAST_READERS }, () => readBlob(file, { start: 0, end: 1 }, SIGNAL))
  await Promise.all(crowd.map((stalled) => stalled.next()))
  return crowd
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn()
}

const READER = fc.record({
  start: fc.nat(700_000),
  length: fc.integer({ min: 1, max: 900_000 }),
  waits: fc.nat(3),
  isLate: fc.boolean(),
  isInCrowd: fc.boolean(),
})
const ARRIVAL = fc.record({ bytes: fc.integer({ min: 1, max: 150_000 }), waits: fc.nat(2) })

test('readers of a growing file get its bytes at any speed of the file and the readers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-read-blob-'))
  const property = fc.asyncProperty(
    fc.array(ARRIVAL, { minLength: 5, maxLength: 20 }),
    fc.array(READER, { minLength: 1, maxLength: 3 }),
    async (arrivals, readers) => {
      const file = await open(join(folder, crypto.randomUUID()), 'wx+')
      try {
        const bytes = patternBytes(arrivals.reduce((total, arrival) => total + arrival.bytes, 0))
        const growing = new DiskBlob(file, null, CLOSE)
        const reading = readers.map((reader) => readSlowly(growing, reader, bytes.byteLength))
        let at = 0
        for (const arrival of arrivals) {
          const chunks = [Buffer.from(bytes.subarray(at, at + arrival.bytes))]
          at += arrival.bytes
          await growing.append(chunks)
          await turns(arrival.waits)
        }
        growing.end()
        for (const [index, read] of (await Promise.all(reading)).entries()) {
          const { start, length } = readers[index] ?? { start: 0, length: 0 }
          expect(Buffer.compare(read, bytes.subarray(start, start + length))).toBe(0)
        }
      } finally {
        await file.close()
      }
    },
  )
  await fc.assert(property, { numRuns: 40 }).finally(() => rm(folder, { recursive: true, force: true }))
})

test('64 readers read four blocks at a time, and further readers a single block until one of the 64 ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-read-blob-'))
  const file = await open(join(folder, 'part'), 'wx+')
  try {
    const growing = new DiskBlob(file, null, CLOSE)
    await growing.append([patternBytes(1_000_000)])
    const readFirst = () => readBlob(growing, { start: 0, end: 1_000_000 }, SIGNAL)
    const readers = Array.from({ length: MAX_FAST_READERS + 1 }, readFirst)
    const sizes: (number | undefined)[] = []
    for (const one of readers) sizes.push((await one.next()).value?.byteLength)
    expect(sizes).toEqual([...Array.from({ length: MAX_FAST_READERS }, () => 262_144), 65_536])
    for (const one of readers) await one.return(undefined)
    const next = readFirst()
    expect((await next.next()).value?.byteLength).toBe(262_144)
    await next.return(undefined)
  } finally {
    await file.close()
    await rm(folder, { recursive: true, force: true })
  }
})
