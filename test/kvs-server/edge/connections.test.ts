import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { readFixture } from '../../support/fixtures.js'
import { type KvsTestServer, startKvsTestServer } from '../../support/kvs-test-server.js'
import { headOf, RawConnection } from '../../support/raw-http.js'

let kvs: KvsTestServer

beforeEach(async () => {
  kvs = await startKvsTestServer({})
  await kvs.post('/createStream', { StreamName: 'yard', DataRetentionInHours: 24 })
})
afterEach(() => kvs[Symbol.asyncDispose]())

const UPLOAD = [
  'POST /putMedia HTTP/1.1',
  'Host: 127.0.0.1',
  'x-amzn-stream-name: yard',
  'x-amzn-fragment-timecode-type: RELATIVE',
  'x-amzn-producer-start-timestamp: 1700000000',
  'Transfer-Encoding: chunked',
  '\r\n',
].join('\r\n')

describe('an upload with broken chunks', () => {
  test('is cut off, and no error text is mixed into its acknowledgements', async () => {
    const media = readFixture('h264-aac.mkv')
    const connection = new RawConnection(kvs.url).send(`${UPLOAD}${media.byteLength.toString(16)}\r\n`)
    connection.send(Buffer.from(media).toString('latin1'))
    await connection.until((text) => text.includes('PERSISTED'))
    connection.send('\r\nnot a chunk\r\n')
    const { text } = await connection.end()
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
    expect(text).not.toContain('InvalidArgumentException')
  })
})

test('a request that is not HTTP gets an error response', async () => {
  const { text } = await new RawConnection(kvs.url).send('HELLO\r\n\r\n').end()
  const { status, body } = headOf(text)
  expect([status, JSON.parse(body).__type]).toEqual([400, 'InvalidArgumentException'])
})

test('an Upgrade is ignored', async () => {
  for (const upgrade of ['h2c', 'websocket', 'TLS/1.0, h2c']) {
    const head = `POST /listStreams HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: ${upgrade}\r\nContent-Length: 2\r\n\r\n`
    const { text } = await new RawConnection(kvs.url).send(`${head}{}`).end()
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text).toContain('yard')
  }
})

test('a connection that never sent a request does not delay the stop', async () => {
  const connection = new RawConnection(kvs.url)
  await fetch(`${kvs.url}/health/live`)
  await kvs.server.close({ graceMs: 3_600_000 })
  expect(await connection.end()).toEqual({ text: '', error: null })
})
