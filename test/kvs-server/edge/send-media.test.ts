import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import type { EdgeLog } from '../../../src/kvs-server/edge/exchange.js'
import { openExchange } from '../../../src/kvs-server/edge/exchange.js'
import { sendMedia } from '../../../src/kvs-server/edge/send-media.js'
import type { MediaAnswer } from '../../../src/kvs-server/wire/operation.js'

interface Sending {
  readonly url: string
  /** The outcome of `sendMedia`. */
  readonly outcome: Promise<unknown>
  readonly logged: string[]
  readonly counted: { bytes: number }
}

const servers: Server[] = []
afterEach(() => {
  jest.useRealTimers()
  for (const server of servers.splice(0)) server.close()
})

/** A server that answers its one request with the media. */
async function serve(answer: (signal: AbortSignal) => MediaAnswer): Promise<Sending> {
  const logged: string[] = []
  const counted = { bytes: 0 }
  const write = (_details: object, message: string) => void logged.push(message)
  const log: EdgeLog = { warn: write, error: write }
  const settled = Promise.withResolvers<unknown>()
  const server = createServer((request, response) => {
    const exchange = openExchange({ raw: request, id: 'id', log }, response, '')
    sendMedia(exchange, answer(exchange.call.signal), (bytes) => {
      counted.bytes += bytes
    }).then(
      () => settled.resolve('done'),
      (error: unknown) => {
        settled.resolve(error)
        response.writeHead(500).end()
      },
    )
  })
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return { url: `http://127.0.0.1:${portOf(address)}`, outcome: settled.promise, logged, counted }
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}

function open(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, { agent: false }, resolve).on('error', reject))
}

test('bytes arrive complete and in order from one reused buffer', async () => {
  const pieces = Array.from({ length: 40 }, (_, i) => randomBytes(1 + i * 7919))
  const buffer = new Uint8Array(400_000)
  async function* body() {
    for (const piece of pieces) {
      buffer.set(piece)
      yield buffer.subarray(0, piece.length)
    }
  }
  const whole = Buffer.concat(pieces)
  const sending = await serve(() => ({ contentType: 'video/mp4', sizeBytes: whole.length, body: body() }))
  const answer = await fetch(sending.url)
  expect(answer.headers.get('content-length')).toBe(String(whole.length))
  expect(answer.headers.get('content-type')).toBe('video/mp4')
  expect(answer.headers.get('x-amzn-requestid')).toBe('id')
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  expect(digest(new Uint8Array(await answer.arrayBuffer()))).toBe(digest(whole))
  expect(await sending.outcome).toBe('done')
  expect(sending.counted.bytes).toBe(whole.length)
})

test('a failure before the first byte is thrown, so that the server can send an error response', async () => {
  const body = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('the file is gone')) }) }
  const sending = await serve(() => ({ contentType: 'video/mp4', sizeBytes: 10, body }))
  expect((await fetch(sending.url)).status).toBe(500)
  expect(await sending.outcome).toMatchObject({ message: 'the file is gone' })
  expect(sending.logged).toEqual([])
})

describe('a response that has started', () => {
  test('is cut off and logged when its source fails', async () => {
    async function* body() {
      yield new Uint8Array(1000)
      throw new Error('the disk broke')
    }
    const sending = await serve(() => ({ contentType: 'video/mp4', sizeBytes: 2000, body: body() }))
    const answer = await fetch(sending.url)
    await expect(answer.arrayBuffer()).rejects.toThrow()
    expect(await sending.outcome).toBe('done')
    expect(sending.logged).toEqual(['a response was cut off'])
  })

  test.each([
    [1000, 999],
    [1000, 1001],
  ])('is cut off when it announces %d bytes and its source produces %d', async (sizeBytes, made) => {
    async function* body() {
      yield new Uint8Array(made)
    }
    const sending = await serve(() => ({ contentType: 'video/mp4', sizeBytes, body: body() }))
    const answer = await open(sending.url)
    const closed = new Promise((resolve) => answer.on('error', () => {}).on('close', resolve))
    answer.resume()
    await closed
    await sending.outcome
    expect(sending.logged).toEqual(['a response was cut off'])
  })

  test('without a length never ends normally after a failure', async () => {
    async function* body() {
      yield new Uint8Array(1000)
      throw new Error('the disk broke')
    }
    const sending = await serve(() => ({ contentType: 'video/webm', sizeBytes: null, body: body() }))
    const answer = await fetch(sending.url)
    await expect(answer.arrayBuffer()).rejects.toThrow()
  })
})

describe('a client that disconnects', () => {
  test('frees the iterator, logs nothing, and stops the reads', async () => {
    let freed = false
    let made = 0
    async function* body() {
      try {
        for (;;) {
          made += 1_000_000
          yield new Uint8Array(1_000_000)
        }
      } finally {
        freed = true
      }
    }
    const sending = await serve(() => ({ contentType: 'video/mp4', sizeBytes: 1e12, body: body() }))
    const answer = await open(sending.url)
    await once(answer, 'data')
    answer.destroy()
    expect(await sending.outcome).toBe('done')
    expect([freed, sending.logged]).toEqual([true, []])
    expect(made).toBeLessThan(100_000_000)
  })

  test('aborts the signal of a live body that waits for more', async () => {
    let freed = false
    async function* body(signal: AbortSignal) {
      try {
        yield new Uint8Array(10)
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      } finally {
        freed = true
      }
    }
    const sending = await serve((signal) => ({ contentType: 'video/webm', sizeBytes: null, body: body(signal) }))
    const answer = await open(sending.url)
    await once(answer, 'data')
    answer.destroy()
    expect(await sending.outcome).toBe('done')
    expect([freed, sending.logged]).toEqual([true, []])
  })
})

test('the headers of a live response do not wait for its first byte', async () => {
  const first = Promise.withResolvers<void>()
  async function* body() {
    await first.promise
    yield new Uint8Array([1, 2, 3])
  }
  const sending = await serve(() => ({ contentType: 'video/webm', sizeBytes: null, body: body() }))
  const answer = await open(sending.url)
  expect(answer.headers['content-type']).toBe('video/webm')
  first.resolve()
  expect(await once(answer, 'data')).toEqual([Buffer.from([1, 2, 3])])
})

test('a stalled reader pauses the source', async () => {
  let made = 0
  async function* body() {
    for (let i = 0; i < 100; i++) {
      made += 1
      yield new Uint8Array(1_048_576)
    }
  }
  const sending = await serve(() => ({ contentType: 'video/mp4', sizeBytes: 100 * 1_048_576, body: body() }))
  const answer = await open(sending.url)
  answer.pause()
  await new Promise((resolve) => setTimeout(resolve, 300))
  const madeWhileStalled = made
  answer.resume()
  await once(answer, 'end')
  // On loopback, the socket buffers on both sides hold some megabytes.
  expect(madeWhileStalled).toBeLessThan(20)
  expect(made).toBe(100)
})

test.each([null, 1e12])(
  'a reader that takes nothing for ten minutes is disconnected, whether or not the response has a length (%p)',
  async (sizeBytes) => {
    let isFreed = false
    async function* body() {
      try {
        for (;;) yield new Uint8Array(1_048_576)
      } finally {
        isFreed = true
      }
    }
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
    const sending = await serve(() => ({ contentType: 'video/webm', sizeBytes, body: body() }))
    const answer = await open(sending.url)
    answer.on('error', () => {}).pause()
    for (let counted = -1; counted < sending.counted.bytes; ) {
      counted = sending.counted.bytes
      for (let turn = 0; turn < 1000; turn += 1) await new Promise(setImmediate)
    }
    jest.advanceTimersByTime(10 * 60_000 - 1)
    expect(isFreed).toBe(false)
    jest.advanceTimersByTime(1)
    expect(await sending.outcome).toBe('done')
    expect([isFreed, sending.logged]).toEqual([true, []])
  },
)
