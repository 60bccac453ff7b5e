import { PassThrough, Readable } from 'node:stream'
import { expect, test } from '@jest/globals'
import { type UploadRead, UploadReader } from '../../../src/kvs-server/upload/upload-reader.js'

const FOREVER_MS = 30_000
const CHUNK_BYTES = 65_536

function chunk(value: number): Buffer {
  return Buffer.alloc(CHUNK_BYTES, value)
}

/** Chunks of one repeated byte, because jest takes seconds to compare them whole. */
function markOf(read: UploadRead): number | string {
  if (read.kind !== 'chunk') return read.kind
  expect(read.chunk.byteLength).toBe(CHUNK_BYTES)
  return read.chunk[0] ?? 'empty'
}

test('returns the received bytes in order, then the end', async () => {
  using reader = new UploadReader(Readable.from([chunk(1), chunk(2), chunk(3)], { objectMode: false }), new AbortController().signal)
  for (const value of [1, 2, 3]) {
    expect(markOf(await reader.next(FOREVER_MS))).toBe(value)
    // Bytes that arrive without a reader wait for the next read.
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await reader.next(FOREVER_MS)).toEqual({ kind: 'end' })
  expect(await reader.next(FOREVER_MS)).toEqual({ kind: 'end' })
})

test('distinguishes silence from the end, and continues after it, for any timeout of each wait', async () => {
  const body = new PassThrough()
  using reader = new UploadReader(body, new AbortController().signal)
  expect(await reader.next(5)).toEqual({ kind: 'quiet' })
  const waiting = reader.next(FOREVER_MS)
  body.write(chunk(1))
  expect((await waiting).kind).toBe('chunk')
  // Shorter than the previous wait, whose timeout has not passed.
  expect(await reader.next(5)).toEqual({ kind: 'quiet' })
  body.end()
  expect(await reader.next(FOREVER_MS)).toEqual({ kind: 'end' })
})

test('reads only a few chunks of a body ahead of its consumer', async () => {
  let given = 0
  const body = new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      given += 1
      this.push(given <= 100 ? chunk(given) : null)
    },
  })
  using reader = new UploadReader(body, new AbortController().signal)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(given).toBeLessThan(8)
  for (let value = 1; value <= 100; value += 1) expect(markOf(await reader.next(FOREVER_MS))).toBe(value)
  expect(await reader.next(FOREVER_MS)).toEqual({ kind: 'end' })
})

test('stops reading a body of single bytes long before many bytes have arrived', async () => {
  const count = 20_000
  let given = 0
  const body = new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      given += 1
      this.push(given <= count ? Buffer.from([given % 256]) : null)
    },
  })
  using reader = new UploadReader(body, new AbortController().signal)
  await new Promise((resolve) => setTimeout(resolve, 50))
  // The body itself buffers some more.
  expect(given - body.readableLength).toBeLessThan(2000)
  let sum = 0
  for (let read = await reader.next(FOREVER_MS); read.kind === 'chunk'; read = await reader.next(FOREVER_MS)) sum += read.chunk[0] ?? 0
  expect(sum).toBe(Array.from({ length: count }, (_, index) => (index + 1) % 256).reduce((total, value) => total + value, 0))
})

test('fails when the body breaks, after the received bytes, and fails at once when the signal aborts', async () => {
  const body = new PassThrough()
  const aborting = new AbortController()
  using reader = new UploadReader(body, new AbortController().signal)
  body.write(chunk(1))
  await new Promise((resolve) => setImmediate(resolve))
  body.destroy(new Error('reset'))
  await new Promise((resolve) => body.once('close', resolve))
  expect((await reader.next(FOREVER_MS)).kind).toBe('chunk')
  expect(await reader.next(FOREVER_MS)).toEqual({ kind: 'broken' })

  const other = new PassThrough()
  using waiting = new UploadReader(other, aborting.signal)
  const read = waiting.next(FOREVER_MS)
  aborting.abort()
  expect(await read).toEqual({ kind: 'broken' })
  other.write(chunk(1))
  expect(await waiting.next(FOREVER_MS)).toEqual({ kind: 'broken' })
})

test('releases the body to others when it is disposed', async () => {
  const body = new PassThrough()
  {
    using reader = new UploadReader(body, new AbortController().signal)
    body.write(chunk(1))
    await reader.next(FOREVER_MS)
  }
  body.end(chunk(2))
  const rest: Buffer[] = []
  for await (const part of body) rest.push(part)
  expect(Buffer.concat(rest).equals(chunk(2))).toBe(true)
})
