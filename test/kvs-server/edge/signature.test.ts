import { createHash, createHmac } from 'node:crypto'
import { CreateStreamCommand, DescribeStreamCommand, KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import { describe, expect, test } from '@jest/globals'
import { SignatureV4 } from '@smithy/signature-v4'
import { type SignedRequest, verifySignature } from '../../../src/kvs-server/edge/signature.js'
import { AwsException } from '../../../src/kvs-server/wire/aws-exception.js'
import { footage, recording } from '../../support/footage.js'
import { startKvsTestServer, TEST_CREDENTIALS } from '../../support/kvs-test-server.js'
import { Producer, upload } from '../../support/producer.js'

const NOW_MS = Date.UTC(2026, 8, 1, 12, 0, 0)
const BODY = '{"StreamName":"dock"}'

/** SHA-256 and HMAC with the interface that the SDK's signer expects. */
class Sha256 {
  readonly #hash
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', toBytes(secret))
  }
  update(data: string | ArrayBuffer | ArrayBufferView) {
    this.#hash.update(toBytes(data))
  }
  async digest() {
    return new Uint8Array(this.#hash.digest())
  }
  reset() {}
}

function toBytes(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
}

interface Variant {
  readonly headers?: Record<string, string>
  readonly applyChecksum?: boolean
  readonly unsignable?: string[]
  /** Headers that the SDK's signer leaves out, and other signers do not. */
  readonly signable?: string[]
  readonly host?: string
  readonly query?: Record<string, string>
  readonly body?: string
  readonly path?: string
  readonly service?: string
  readonly secret?: string
  readonly keyId?: string
  readonly sessionToken?: string
  readonly at?: number
}

async function signed(variant: Variant = {}): Promise<SignedRequest> {
  const { path = '/describeStream', body = BODY, query = {} } = variant
  const signer = new SignatureV4({
    service: variant.service ?? 'kinesisvideo',
    region: 'eu-west-1',
    sha256: Sha256,
    applyChecksum: variant.applyChecksum ?? true,
    credentials: {
      accessKeyId: variant.keyId ?? TEST_CREDENTIALS.accessKeyId,
      secretAccessKey: variant.secret ?? TEST_CREDENTIALS.secretAccessKey,
      ...(variant.sessionToken === undefined ? {} : { sessionToken: variant.sessionToken }),
    },
  })
  const request = {
    method: 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    path,
    query,
    headers: { host: variant.host ?? '127.0.0.1:4010', ...variant.headers },
    body,
  }
  const options = {
    signingDate: new Date(variant.at ?? NOW_MS),
    unsignableHeaders: new Set(variant.unsignable ?? []),
    signableHeaders: new Set(variant.signable ?? []),
  }
  const { headers } = await signer.sign(request, options)
  const search = Object.entries(query)
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join('&')
  return {
    method: 'POST',
    url: search === '' ? path : `${path}?${search}`,
    rawHeaders: Object.entries(headers).flat(),
    body: Buffer.from(body),
  }
}

function verify(request: SignedRequest, nowMs = NOW_MS): void {
  verifySignature(request, [{ accessKeyId: 'OTHER', secretAccessKey: 'x' }, TEST_CREDENTIALS], nowMs)
}

function refusal(request: SignedRequest, nowMs = NOW_MS): string {
  try {
    verify(request, nowMs)
  } catch (error) {
    if (error instanceof AwsException) return `${error.status} ${error.name}: ${error.message}`
    throw error
  }
  return 'accepted'
}

describe('a signature', () => {
  // The header sets that each client was observed to sign.
  const JSON_TYPE = { 'content-type': 'application/json' }
  const C_PRODUCER = { applyChecksum: false, host: '127.0.0.1', signable: ['user-agent'] }
  const C_USER_AGENT = { 'user-agent': 'AWS-SDK-KVS/3.0.0 GCC/6.4.1 Linux/4.15.0 x86_64' }
  test.each<[string, Variant, string]>([
    [
      'the SDK for JavaScript',
      {
        headers: {
          ...{
            ...JSON_TYPE,
            'content-length': String(BODY.length),
            'amz-sdk-invocation-id': '5f2f8a4e',
            'amz-sdk-request': 'attempt=1; max=3',
          },
          'x-amz-user-agent': 'aws-sdk-js/3.1138.0',
        },
      },
      'amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-user-agent',
    ],
    ['botocore and the CLI', { applyChecksum: false, headers: JSON_TYPE }, 'content-type;host;x-amz-date'],
    [
      'botocore with session credentials',
      { applyChecksum: false, headers: JSON_TYPE, sessionToken: 'a/session+token==' },
      'content-type;host;x-amz-date;x-amz-security-token',
    ],
    [
      'the C++ SDK',
      { headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-api-version': '2017-09-30' } },
      'content-type;host;x-amz-api-version;x-amz-content-sha256;x-amz-date',
    ],
    [
      'the iOS SDK',
      {
        applyChecksum: false,
        signable: ['user-agent'],
        headers: { 'content-type': 'application/x-amz-json-1.0', 'user-agent': 'aws-sdk-iOS/2.12.0 iOS/13.0 en_US' },
      },
      'content-type;host;user-agent;x-amz-date',
    ],
    ['the C producer, its Host without a port', { ...C_PRODUCER, headers: C_USER_AGENT }, 'host;user-agent;x-amz-date'],
    [
      'the C producer, for PutMedia over the empty string',
      {
        ...C_PRODUCER,
        path: '/putMedia',
        body: '',
        headers: {
          ...{ ...C_USER_AGENT, 'x-amzn-stream-name': 'dock', 'x-amzn-fragment-timecode-type': 'ABSOLUTE' },
          ...{ 'x-amzn-producer-start-timestamp': '1790000000.5', 'x-amzn-fragment-acknowledgment-required': '1' },
          ...{ 'transfer-encoding': 'chunked', connection: 'keep-alive' },
        },
      },
      'host;user-agent;x-amz-date;x-amzn-fragment-acknowledgment-required;x-amzn-fragment-timecode-type;x-amzn-producer-start-timestamp;x-amzn-stream-name',
    ],
  ])('of %s is accepted over the headers that it signs', async (_client, variant, signedHeaders) => {
    const request = await signed(variant)
    expect(request.rawHeaders.join(' ')).toContain(`SignedHeaders=${signedHeaders},`)
    expect(refusal(request)).toBe('accepted')
    // The C producer adds its token after it signs, and a proxy may add any header.
    expect(refusal({ ...request, rawHeaders: [...request.rawHeaders, 'X-Forwarded-For', '::1'] })).toBe('accepted')
  })

  test.each<[string, Variant]>([
    ['over an unsigned payload', { headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }],
    ['over a header with blanks in a row', { headers: { 'x-amz-meta': '  a   b  ' } }],
    ['over a header with a tab in it', { headers: { 'x-amz-meta': 'a \t b' } }],
    ['over a query whose names sort another way than its pairs', { query: { 'a-b': '2', a: '1' } }],
    ['over a header in the Latin-1 that Node and Python write', { headers: { 'x-amz-meta': 'Zoë à' } }],
    ['over a query', { query: { b: '2 3', a: '1', 'c/d': "(*)'!" } }],
    ['of PutMedia, over the empty string', { path: '/putMedia', body: '', headers: { 'x-amzn-stream-name': 'dock' } }],
    ['4 minutes old', { at: NOW_MS - 4 * 60_000 }],
    ['4 minutes ahead', { at: NOW_MS + 4 * 60_000 }],
  ])('%s is accepted', async (_what, variant) => {
    expect(refusal(await signed(variant))).toBe('accepted')
  })

  test('over a UTF-8 header is accepted, although Node returns each byte as a character', async () => {
    const request = await signed({ headers: { 'x-amz-meta': 'Zoë à' } })
    const rawHeaders = request.rawHeaders.map((part) => (part === 'Zoë à' ? Buffer.from(part).toString('latin1') : part))
    expect(refusal({ ...request, rawHeaders })).toBe('accepted')
  })

  test('covers the body, regardless of the hash that the client sends', async () => {
    const request = await signed()
    expect(refusal({ ...request, body: Buffer.from('{"StreamName":"attic"}') })).toMatch(
      /^403 InvalidSignatureException: The request signature we calculated/,
    )
  })

  test.each([-300_000, 300_000])('can be 5 minutes off (%d ms)', async (offMs) => {
    expect(refusal(await signed({ at: NOW_MS + offMs }))).toBe('accepted')
  })

  test('covers the path, method, query and every header that it names', async () => {
    const request = await signed({ headers: { 'content-type': 'application/json' } })
    expect(refusal({ ...request, url: '/deleteStream' })).toMatch(/InvalidSignatureException/)
    expect(refusal({ ...request, url: '/describeStream?a=1' })).toMatch(/InvalidSignatureException/)
    expect(refusal({ ...request, method: 'PUT' })).toMatch(/InvalidSignatureException/)
    const rawHeaders = request.rawHeaders.map((part) => (part === 'application/json' ? 'text/plain' : part))
    expect(refusal({ ...request, rawHeaders })).toMatch(/InvalidSignatureException/)
  })

  test.each<[string, Variant, RegExp]>([
    ['by another secret', { secret: 'wrong' }, /^403 InvalidSignatureException: The request signature we calculated does not match/],
    [
      'by an unknown key',
      { keyId: 'AKIDNOBODY' },
      /^403 UnrecognizedClientException: The security token included in the request is invalid\.$/,
    ],
    ['for another service', { service: 's3' }, /^403 InvalidSignatureException: Credential should be scoped to correct service/],
    [
      'over 5 minutes old',
      { at: NOW_MS - 301_000 },
      /^403 InvalidSignatureException: Signature expired: 20260901T115459Z is now earlier than 20260901T115500Z \(20260901T120000Z - 5 min\.\)$/,
    ],
    [
      'over 5 minutes ahead',
      { at: NOW_MS + 301_000 },
      /^403 InvalidSignatureException: Signature not yet current: 20260901T120501Z is still later than 20260901T120500Z \(20260901T120000Z \+ 5 min\.\)$/,
    ],
    ['that leaves the host out', { unsignable: ['host'] }, /^403 IncompleteSignatureException: 'Host' must be a signed header/],
  ])('%s is refused', async (_what, variant, expected) => {
    expect(refusal(await signed(variant))).toMatch(expected)
  })

  test.each<[string, readonly string[], RegExp]>([
    ['no Authorization', [], /^403 MissingAuthenticationTokenException: Missing Authentication Token$/],
    ['another scheme', ['Authorization', 'Bearer abc'], /IncompleteSignatureException: Authorization must begin with AWS4-HMAC-SHA256/],
    [
      'no scope',
      ['Authorization', 'AWS4-HMAC-SHA256 Credential=AKIDTEST, SignedHeaders=host, Signature=00'],
      /Authorization needs Credential/,
    ],
    [
      'no signature',
      ['Authorization', 'AWS4-HMAC-SHA256 Credential=AKIDTEST/20260901/eu-west-1/kinesisvideo/aws4_request, SignedHeaders=host'],
      /Authorization needs SignedHeaders and Signature/,
    ],
    [
      'no date',
      [
        'Authorization',
        'AWS4-HMAC-SHA256 Credential=AKIDTEST/20260901/eu-west-1/kinesisvideo/aws4_request, SignedHeaders=host, Signature=00',
      ],
      /X-Amz-Date \(or Date\) is required/,
    ],
    [
      'a date of another day than its scope',
      [
        'Authorization',
        'AWS4-HMAC-SHA256 Credential=AKIDTEST/20260831/eu-west-1/kinesisvideo/aws4_request, SignedHeaders=host, Signature=00',
        'X-Amz-Date',
        '20260901T120000Z',
      ],
      /Date in Credential scope does not match/,
    ],
  ])('with %s is refused', (_what, rawHeaders, expected) => {
    expect(refusal({ method: 'POST', url: '/describeStream', rawHeaders, body: Buffer.from(BODY) })).toMatch(expected)
  })
})

describe('a server with access keys', () => {
  test('serves the SDK with the right keys, in any region, and refuses all others', async () => {
    await using kvs = await startKvsTestServer({ accessKeys: [TEST_CREDENTIALS] })
    await kvs.control.send(new CreateStreamCommand({ StreamName: 'dock' }))
    expect((await kvs.control.send(new DescribeStreamCommand({ StreamName: 'dock' }))).StreamInfo?.Status).toBe('ACTIVE')

    const stranger = new KinesisVideoClient({
      endpoint: kvs.url,
      region: 'eu-west-1',
      credentials: { ...TEST_CREDENTIALS, secretAccessKey: 'guess' },
      maxAttempts: 1,
    })
    await expect(stranger.send(new DescribeStreamCommand({ StreamName: 'dock' }))).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 403 },
    })
    stranger.destroy()

    const bare = await kvs.post('/listStreams', '{}')
    expect(bare.status).toBe(403)
    expect(bare.headers.get('x-amzn-errortype')).toBe('MissingAuthenticationTokenException')
    expect(await bare.json()).toEqual({ __type: 'MissingAuthenticationTokenException', message: 'Missing Authentication Token' })
    const upload = await kvs.post('/putMedia', 'media', { 'x-amzn-stream-name': 'dock' })
    expect(upload.status).toBe(403)
  })

  test("accepts an upload that is signed like the C producer's, with an unsigned session token, and no other", async () => {
    await using kvs = await startKvsTestServer({ accessKeys: [TEST_CREDENTIALS] })
    await kvs.control.send(new CreateStreamCommand({ StreamName: 'dock', DataRetentionInHours: 2 }))
    const named = {
      ...{ 'x-amzn-stream-name': 'dock', 'x-amzn-fragment-timecode-type': 'RELATIVE', 'x-amzn-producer-start-timestamp': '1790000000.5' },
      ...{ 'user-agent': 'AWS-SDK-KVS/3.0.0', 'x-amzn-fragment-acknowledgment-required': '1' },
    }
    const variant = { applyChecksum: false, host: '127.0.0.1', signable: ['user-agent'], path: '/putMedia', body: '', headers: named }
    const { rawHeaders } = await signed({ ...variant, at: Date.now() })
    const headers = Object.fromEntries(rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? '']] : [])))
    const options = { stream: 'dock', start: '1790000000.5', headers: { ...headers, 'x-amz-security-token': 'a/token==' } }
    const acks = await upload(kvs.url, recording([footage(0)]), options)
    expect(acks.map(({ EventType }) => EventType)).toEqual(['BUFFERING', 'RECEIVED', 'PERSISTED'])
    const replayed = new Producer(kvs.url, { ...options, headers: { ...options.headers, 'x-amzn-stream-name': 'other' } })
    expect(await replayed.answer).toMatchObject({ status: 403, type: 'InvalidSignatureException' })
    replayed.breakOff()
  })

  test('reports its state without a signature, and requires one to set fault rules', async () => {
    await using kvs = await startKvsTestServer({ accessKeys: [TEST_CREDENTIALS], faults: true })
    expect((await fetch(`${kvs.url}/health/live`)).status).toBe(200)
    const refused = await kvs.post('/_faults', { fault: { kind: 'throttle' } })
    expect([refused.status, refused.headers.get('x-amzn-requestid')]).toEqual([403, expect.stringMatching(/^[0-9a-f-]{36}$/)])
    expect(await refused.json()).toEqual({ __type: 'MissingAuthenticationTokenException', message: 'Missing Authentication Token' })
  })
})
