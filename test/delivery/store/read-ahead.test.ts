import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { GrowingFile } from '../../../src/delivery/store/growing-file.js'
import { readAhead } from '../../../src/delivery/store/read-ahead.js'
import { ReadBuffers } from '../../../src/delivery/store/read-buffers.js'
import { patternBytes } from '../../support/part-bodies.js'

const SIGNAL = new AbortController().signal

interface Reader {
  readonly start: number
  readonly length: number
  /** Turns of the event loop before it begins, and before it takes the next chunk. */
  readonly waits: number
  /** It begins when the file is whole, of which nothing is in memory any more. */
  readonly isLate: boolean
  /** The large buffers are with others. */
  readonly isInCrowd: boolean
}

/** What a reader is given is another's when it comes back. */
async function readSlowly(file: GrowingFile, { start, length, waits, isLate, isInCrowd }: Reader, end: number): Promise<Buffer> {
  const pool = new ReadBuffers({ largeBytes: 131_072, smallBytes: 65_536, largeBudgetBytes: isInCrowd ? 0 : 262_144 })
  const chunks: Buffer[] = []
  if (isLate) await file.whenReadable(end, SIGNAL)
  await turns(waits)
  for await (const chunk of readAhead(file, { start, end: Math.min(start + length, end) }, pool, SIGNAL)) {
    await turns(waits)
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
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

test('readers of a file that grows get its bytes, however fast it grows and however fast they are', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-read-ahead-'))
  const property = fc.asyncProperty(
    fc.array(ARRIVAL, { minLength: 5, maxLength: 20 }),
    fc.array(READER, { minLength: 1, maxLength: 3 }),
    async (arrivals, readers) => {
      const file = await open(join(folder, crypto.randomUUID()), 'wx+')
      try {
        const bytes = patternBytes(arrivals.reduce((total, arrival) => total + arrival.bytes, 0))
        const growing = GrowingFile.arriving(file, bytes.byteLength)
        const reading = readers.map((reader) => readSlowly(growing, reader, bytes.byteLength))
        let at = 0
        for (const arrival of arrivals) {
          const chunks = [Buffer.from(bytes.subarray(at, at + arrival.bytes))]
          at += arrival.bytes
          growing.receive(chunks)
          await growing.write(chunks)
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
