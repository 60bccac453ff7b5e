import { request } from 'node:http'
import { connect } from 'node:net'
import { CreateStreamCommand, DescribeStreamCommand, ResourceNotFoundException } from '@aws-sdk/client-kinesis-video'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { pathOf, REFUSED_OPERATIONS } from '../../../src/kvs-server/operations/served-operations.js'
import { type KvsTestServer, startKvsTestServer } from '../../support/kvs-test-server.js'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

let kvs: KvsTestServer
beforeAll(async () => {
  kvs = await startKvsTestServer()
  await kvs.control.send(new CreateStreamCommand({ StreamName: 'dock' }))
})
afterAll(() => kvs[Symbol.asyncDispose]())

interface RawAnswer {
  readonly status: number
  readonly text: string
}

function send(path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(kvs.url + path, { method: 'POST', headers }, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8')
      incoming.on('data', (part: string) => {
        text += part
      })
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

describe('a request', () => {
  test.each([
    ['application/json'],
    ['application/x-amz-json-1.1'],
    ['application/x-amz-json-1.0'],
    ['text/plain;charset=UTF-8'],
    ['no media type at all'],
    ['json'],
    [''],
  ])('is accepted with content type "%s"', async (type) => {
    const { status, text } = await send('/describeStream', '{"StreamName":"dock"}', type === '' ? {} : { 'content-type': type })
    expect(status).toBe(200)
    expect(text).toContain('"StreamName":"dock"')
  })

  test.each([
    ['no body', ''],
    ['an empty structure', '{}'],
    ['members that nobody knows', '{"Colour":"blue","StreamNameCondition":null,"MaxResults":null}'],
  ])('can have %s', async (_what, body) => {
    const { status, text } = await send('/listStreams', body)
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({ NextToken: null, StreamInfoList: [{ StreamName: 'dock' }] })
  })

  test.each([
    ['NaN for a number', '{"MaxResults":NaN}'],
    ['XML', '<ListStreams/>'],
    ['half an object', '{"MaxResults":'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a string', '"dock"'],
    ['bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['a hundred thousand brackets', '['.repeat(100_000)],
  ])('is refused with a typed error when its body is %s', async (_what, body) => {
    const { status, text } = await send('/listStreams', body)
    expect(status).toBe(400)
    expect(JSON.parse(text)).toMatchObject({ __type: 'InvalidArgumentException' })
  })

  test('is refused when its body is larger than 1 MiB', async () => {
    const answer = await kvs.post('/listStreams', `{"NextToken":"${'A'.repeat(1024 * 1024)}"}`)
    expect(answer.status).toBe(413)
    expect(answer.headers.get('x-amzn-errortype')).toBe('RequestEntityTooLargeException')
    expect(answer.headers.get('x-amzn-requestid')).toMatch(UUID)
  })

  test('for an unknown path is refused with UnknownOperationException', async () => {
    for (const [method, path] of [
      ['POST', '/describestream'],
      ['POST', '/'],
      ['GET', '/listStreams'],
      ['POST', '/_faults'],
      ['PUT', '/putMedia'],
      ['POST', `/${'x'.repeat(5000)}`],
    ] as const) {
      const answer = await fetch(kvs.url + path, { method })
      expect(answer.status).toBe(404)
      expect(answer.headers.get('x-amzn-errortype')).toBe('UnknownOperationException')
      expect(await answer.json()).toMatchObject({ __type: 'UnknownOperationException', Message: expect.stringContaining(method) })
    }
  })

  test('with the wrong method for an operation is refused with UnknownOperationException, for any body', async () => {
    for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await fetch(`${kvs.url}/createStream`, {
        method,
        body: '{"StreamName":"dock"}',
        headers: { 'content-type': 'text/xml' },
      })
      expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([404, 'UnknownOperationException'])
      expect(await answer.json()).toMatchObject({ Message: `Unknown operation: ${method} /createStream` })
    }
  })

  test.each(['/%zz', '/hls/v1/%zz', '/%ff'])(
    'for a path that cannot be decoded (%s) has the type and the ID of any other error',
    async (path) => {
      const answer = await kvs.post(path)
      expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([400, 'InvalidArgumentException'])
      expect(answer.headers.get('x-amzn-requestid')).toMatch(UUID)
      expect(await answer.json()).toEqual({ __type: 'InvalidArgumentException', Message: expect.stringContaining(path) })
    },
  )

  test('that is not HTTP does not stop the server', async () => {
    const { port } = new URL(kvs.url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.end('POST /listStreams HTTP/1.1\r\nHost: x\r\nContent-Length: banana\r\n\r\n')
    const answer: Buffer[] = []
    for await (const chunk of socket) answer.push(Buffer.from(chunk))
    expect(Buffer.concat(answer).toString()).toMatch(/^HTTP\/1\.1 400 /)
    expect((await send('/listStreams', '')).status).toBe(200)
  })

  test('from a page of another origin is refused, because nothing else protects DeleteStream', async () => {
    const foreign = await kvs.post('/listStreams', '{}', { origin: 'https://example.com' })
    expect([foreign.status, foreign.headers.get('x-amzn-errortype')]).toEqual([401, 'AccessDeniedException'])
    expect((await kvs.post('/listStreams', '{}', { origin: 'null' })).status).toBe(401)
    expect((await kvs.post('/listStreams', '{}', { origin: 'http://localhost:4000' })).status).toBe(200)
  })

  test("with an invalid Host is answered with the server's own address", async () => {
    const body = '{"StreamName":"dock","APIName":"GET_CLIP"}'
    const spelt = await send('/getDataEndpoint', body, { host: 'kvs.internal:4010' })
    expect(JSON.parse(spelt.text)).toEqual({ DataEndpoint: 'http://kvs.internal:4010' })
    const proxied = await send('/getDataEndpoint', body, { host: 'kvs.internal' })
    expect(JSON.parse(proxied.text)).toEqual({ DataEndpoint: 'http://kvs.internal' })
    const hostile = await send('/getDataEndpoint', body, { host: 'a/b?c@d' })
    expect(JSON.parse(hostile.text)).toEqual({ DataEndpoint: kvs.url })
  })
})

test('a Host without a port, as the C producer sends it, is answered with the port of the connection', async () => {
  const { port } = new URL(kvs.url)
  for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
    const { text } = await send('/getDataEndpoint', '{"StreamName":"dock","APIName":"PUT_MEDIA"}', { host })
    expect(JSON.parse(text)).toEqual({ DataEndpoint: `http://${host}:${port}` })
  }
})

test('a local proxy that terminates TLS for its clients is answered with its own address', async () => {
  const body = '{"StreamName":"dock","APIName":"GET_CLIP"}'
  for (const host of ['kvs.example.com', 'kvs.example.com:8443', 'localhost']) {
    const { text } = await send('/getDataEndpoint', body, { host, 'x-forwarded-proto': 'https' })
    expect(JSON.parse(text)).toEqual({ DataEndpoint: `https://${host}` })
  }
  const plain = await send('/getDataEndpoint', body, { host: 'kvs.example.com', 'x-forwarded-proto': 'http' })
  expect(JSON.parse(plain.text)).toEqual({ DataEndpoint: 'http://kvs.example.com' })
})

describe('an error', () => {
  test('has its status, type, message and request ID where every client looks for them', async () => {
    const answer = await kvs.post('/describeStream', { StreamName: 'nowhere' })
    expect(answer.status).toBe(404)
    expect(answer.headers.get('x-amzn-errortype')).toBe('ResourceNotFoundException')
    expect(answer.headers.get('x-amzn-requestid')).toMatch(UUID)
    expect(await answer.json()).toEqual({
      __type: 'ResourceNotFoundException',
      Message: 'The requested stream is not found or not active.',
    })
  })

  test('is the class of its name in the SDK, which also finds the request ID', async () => {
    const error = await kvs.control.send(new DescribeStreamCommand({ StreamName: 'nowhere' })).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ResourceNotFoundException)
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 404, requestId: expect.stringMatching(UUID) } })
  })
})

describe('an operation that is not supported', () => {
  test.each(REFUSED_OPERATIONS.map((name) => [name]))('%s is refused with a message that names it', async (name) => {
    const answer = await kvs.post(pathOf(name), { StreamName: 'dock' })
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([404, 'UnknownOperationException'])
    expect(await answer.json()).toMatchObject({ Message: `${name} is not offered by this server (clipgate's embedded KVS)` })
  })
})

describe('the state of the server', () => {
  test('is available under /health and /metrics', async () => {
    expect(await (await fetch(`${kvs.url}/health/live`)).json()).toEqual({ status: 'ok' })
    expect(await (await fetch(`${kvs.url}/health/ready`)).json()).toEqual({ status: 'ok', dependencies: { archive: 'ok' } })
    const before = await metric(/^kvs_describe_stream_requests_total\{outcome="ResourceNotFoundException"\} (\d+)$/m)
    await kvs.post('/describeStream', { StreamName: 'nowhere' })
    expect(await metric(/^kvs_describe_stream_requests_total\{outcome="ResourceNotFoundException"\} (\d+)$/m)).toBe(before + 1)
    expect(await metric(/^kvs_get_hls_streaming_session_url_requests_total\{outcome="ok"\} (\d+)$/m)).toBe(0)
    expect(await metric(/^kvs_put_media_incoming_bytes_total (\d+)$/m)).toBe(0)
    expect(await metric(/^kvs_put_media_incoming_fragments_total (\d+)$/m)).toBe(0)
    expect(await metric(/^kvs_get_clip_outgoing_bytes_total (\d+)$/m)).toBe(0)
  })

  async function metric(line: RegExp): Promise<number> {
    const text = await (await fetch(`${kvs.url}/metrics`)).text()
    return Number(line.exec(text)?.[1] ?? 0)
  }
})

test('a server without access keys refuses to listen beyond loopback', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'kvs.example.com']) {
    await expect(startKvsTestServer({ host })).rejects.toThrow(/listens on loopback only unless access keys are given/)
  }
})
