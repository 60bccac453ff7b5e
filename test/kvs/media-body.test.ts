import { PassThrough, Readable } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import { MediaBody, openMediaBody } from '../../src/kvs/media-body.js'

const NEVER = new AbortController().signal
const options = { operation: 'GetClip', sizeBytes: null, maxBytes: 100, onBytes: () => undefined, idleTimeoutMs: 60_000, signal: NEVER }

async function read(body: AsyncIterable<Uint8Array>): Promise<number> {
  let count = 0
  for await (const chunk of body) count += chunk.length
  return count
}

async function causeOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  try {
    await read(body)
    return 'none'
  } catch (error) {
    return error instanceof Error ? String(error.cause) : ''
  }
}

describe('a media body', () => {
  test('ends when all announced bytes have come', async () => {
    expect(await read(new MediaBody(Readable.from([Buffer.from('ab'), Buffer.from('c')]), { ...options, sizeBytes: 3 }))).toBe(3)
  })

  test.each([2, 4])('throws when %i bytes were announced and three have come', async (sizeBytes) => {
    expect(await causeOf(new MediaBody(Readable.from([Buffer.from('abc')]), { ...options, sizeBytes }))).toContain(
      `3 bytes came, ${sizeBytes} were announced`,
    )
  })

  test('throws when it goes on past all bounds', async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(64)
      })(),
    )
    expect(await causeOf(new MediaBody(endless, options))).toContain('more than 100 bytes came')
    expect(endless.destroyed).toBe(true)
  })

  test('throws when it stalls', async () => {
    const stalled = new PassThrough()
    stalled.write('a')
    expect(await causeOf(new MediaBody(stalled, { ...options, idleTimeoutMs: 20 }))).toContain('no byte came for 20 ms')
  })

  test('that its reader aborts throws the reason, and not that Kinesis Video broke off', async () => {
    const leaving = new AbortController()
    const arriving = new PassThrough({ signal: leaving.signal })
    arriving.write('a')
    const reading = read(new MediaBody(arriving, { ...options, signal: leaving.signal }))
    const reason = new Error('the client left')
    leaving.abort(reason)
    await expect(reading).rejects.toBe(reason)
  })

  test('may have a slow reader', async () => {
    const body = new MediaBody(Readable.from([Buffer.from('a'), Buffer.from('b')]), { ...options, idleTimeoutMs: 1000 })
    for await (const _ of body) await new Promise((resolve) => setTimeout(resolve, 1100))
  })

  test('that nobody reads is closed', async () => {
    const unread = new PassThrough()
    new MediaBody(unread, { ...options, idleTimeoutMs: 20 })
    await new Promise((resolve) => unread.once('close', resolve))
    expect(unread.destroyed).toBe(true)
  })

  test.each([undefined, null, 'text', {}])('is not made of %j', (payload) => {
    expect(() => openMediaBody(payload, options)).toThrow('Kinesis Video answered GetClip without a body.')
  })
})
