import { Readable } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { AnswerOutOfBounds, readBoundedBody } from '../../src/kvs/bounded-body.js'

const BOUNDS = { maxBytes: 1000, timeoutMs: 20_000 }

describe('a body within its limits', () => {
  test('is returned unchanged, from chunks of any size', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(pieces, async (chunks) => {
        const body = Readable.from(
          chunks.map((chunk) => Buffer.from(chunk)),
          { objectMode: false },
        )
        expect(Buffer.from(await readBoundedBody(body, undefined, BOUNDS)).equals(Buffer.concat(chunks))).toBe(true)
      }),
    )
  })
})

describe('a body beyond its limits is abandoned, and its socket closed', () => {
  test.each<readonly [name: string, chunks: () => Iterable<Buffer>, announced: string | undefined]>([
    ['one byte too many', () => [Buffer.alloc(1000), Buffer.alloc(1)], undefined],
    ['announced as too long', () => [], '1001'],
    ['in many small chunks', () => Array.from({ length: 3000 }, () => Buffer.alloc(1)), undefined],
  ])('%s', async (_name, chunks, announced) => {
    const bounds = { ...BOUNDS, maxBytes: _name === 'in many small chunks' ? 100_000 : 1000 }
    const body = Readable.from(chunks(), { objectMode: true })
    await expect(readBoundedBody(body, announced, bounds)).rejects.toBeInstanceOf(AnswerOutOfBounds)
    expect(body.destroyed).toBe(true)
  })

  test('one that arrives too slowly', async () => {
    const body = new Readable({ read: () => undefined })
    const drip = setInterval(() => body.push('a'), 5)
    await expect(readBoundedBody(body, undefined, { ...BOUNDS, timeoutMs: 50 })).rejects.toThrow('did not end within 50 ms')
    clearInterval(drip)
    expect(body.destroyed).toBe(true)
  })

  test('one whose connection is closed', async () => {
    const body = new Readable({ read: () => undefined })
    setImmediate(() => body.destroy())
    await expect(readBoundedBody(body, undefined, BOUNDS)).rejects.toThrow('closed within an answer')
  })
})
