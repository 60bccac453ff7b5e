import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../src/domain/errors.js'
import { createKvs, type Kvs } from '../../src/kvs/kvs.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { startKvsTestServer, TEST_CREDENTIALS } from '../support/kvs-test-server.js'
import { STREAM_ARN } from '../support/kvs-wire-rows.js'
import { KvsWireStub } from '../support/kvs-wire-stub.js'

let stub: KvsWireStub
let kvs: Kvs
let nowMs = Date.now()
const warnings: string[] = []
const warn = (message: string) => warnings.push(message)

beforeEach(async () => {
  stub = await new KvsWireStub().listen()
  kvs = createKvs({
    target: { backend: 'embedded', endpoint: stub.url, accessKey: null },
    isPaced: false,
    warn,
    clock: { now: () => nowMs },
  })
  warnings.length = 0
})
afterEach(async () => {
  kvs.close()
  await stub.close()
})

/** As AWS writes it: the name in a header or in the body, the message in either case. */
const json = (status: number, name: string, message: string) => (response: ServerResponse) =>
  void response
    .writeHead(status, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-ErrorType': `${name}:http://internal.amazon.com/coral/com.amazon.coral.service/`,
    })
    .end(JSON.stringify({ message }))
const typed = (status: number, name: string, message: string) => (response: ServerResponse) =>
  void response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ __type: `com.amazon.coral.service#${name}`, Message: message }))
const xml = (status: number, body: string) => (response: ServerResponse) =>
  void response.writeHead(status, { 'content-type': 'text/xml' }).end(body)

const USER = 'User: arn:aws:sts::123456789012:assumed-role/secret-role/session'
const CASES: readonly (readonly [name: string, answer: (response: ServerResponse) => void, message: RegExp, logged: RegExp])[] = [
  [
    'an expired token',
    json(403, 'ExpiredTokenException', 'The security token included in the request is expired'),
    /credentials have expired\. Renew them/,
    /expired/,
  ],
  ['an expired token, named in the body', typed(400, 'ExpiredTokenException', 'expired'), /credentials have expired/, /expired/],
  [
    'an unknown access key',
    json(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.'),
    /does not know its access key\. Check AWS_ACCESS_KEY_ID/,
    /access key/,
  ],
  [
    'an unknown access key of the common errors',
    json(403, 'InvalidClientTokenId', 'invalid'),
    /does not know its access key/,
    /access key/,
  ],
  [
    'a clock that is wrong',
    json(
      403,
      'InvalidSignatureException',
      'Signature expired: 20261129T120000Z is now earlier than 20261129T120500Z (20261129T121000Z - 5 min.)',
    ),
    /clock of its machine is wrong.*NTP/,
    /clock/,
  ],
  [
    'a clock that is ahead',
    json(403, 'InvalidSignatureException', 'Signature not yet current: 20261129T120000Z is still later than 20261129T110500Z'),
    /clock of its machine/,
    /clock/,
  ],
  ['an expired request', json(400, 'RequestExpired', 'Request expired'), /clock of its machine/, /clock/],
  [
    'a wrong secret',
    json(403, 'InvalidSignatureException', 'The request signature we calculated does not match the signature you provided.'),
    /Check that AWS_SECRET_ACCESS_KEY/,
    /signature/,
  ],
  [
    'a signature for another Region',
    json(403, 'InvalidSignatureException', "Credential should be scoped to a valid region, not 'us-east-1'."),
    /another Region\. Check AWS_REGION/,
    /Region/,
  ],
  [
    'a missing permission',
    json(
      403,
      'AccessDeniedException',
      `${USER} is not authorized to perform: kinesisvideo:DescribeStream on resource: ${STREAM_ARN} because no identity-based policy allows the kinesisvideo:DescribeStream action`,
    ),
    /no permission for kinesisvideo:DescribeStream on arn:aws:kinesisvideo:us-east-1:123456789012:stream\/dock-3\/1790000000000\. Add that to its IAM policy/,
    /kinesisvideo:DescribeStream/,
  ],
  [
    'a missing permission without details',
    json(401, 'NotAuthorizedException', 'no'),
    /no permission for kinesisvideo:DescribeStream\. Add/,
    /kinesisvideo:DescribeStream/,
  ],
  [
    'an explicit deny',
    json(
      403,
      'AccessDeniedException',
      `${USER} is not authorized to perform: kinesisvideo:DescribeStream on resource: dock-3 with an explicit deny in a service control policy`,
    ),
    /explicitly denies kinesisvideo:DescribeStream on dock-3/,
    /explicitly denies/,
  ],
  [
    'a KMS key',
    json(400, 'AccessDeniedException', `${USER} is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:1:key/x`),
    /Allow its role kms:Decrypt/,
    /KMS/,
  ],
  [
    'a wrong host',
    xml(
      403,
      '<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be authorized</Message>\n</AccessDeniedException>',
    ),
    /does not serve this operation\. Check KVS_ENDPOINT/,
    /host/,
  ],
  ['a host that knows no such operation', xml(404, '<UnknownOperationException/>'), /does not serve this operation/, /host/],
  ['a page of a proxy', xml(403, '<html><body>Forbidden</body></html>'), /any proxy in between/, /proxy/],
]

async function failureOf(of: Kvs): Promise<GatewayError> {
  const failure: unknown = await of.streams.find({ name: 'dock-3' }, enoughTime()).catch((error: unknown) => error)
  if (!(failure instanceof GatewayError)) throw new Error(`no GatewayError: ${failure}`)
  return failure
}

test.each(CASES)('%s is explained with the next step, and logged once', async (_name, answer, message, logged) => {
  stub.on('/describeStream', (_, response) => answer(response) ?? undefined)
  const failure = await failureOf(kvs)
  expect(failure.code).toMatch(/^KVS_(ACCESS_DENIED|UNAVAILABLE)$/)
  expect(failure.message).toMatch(message)
  expect(failure.message).not.toMatch(/secret-role|kms:us-east/)
  await failureOf(kvs)
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toMatch(logged)
  nowMs += 60_000
  await failureOf(kvs)
  expect(warnings).toHaveLength(2)
})

test('different causes and different missing actions are logged separately', async () => {
  stub.on('/describeStream', (_, response) => json(403, 'AccessDeniedException', 'no')(response) ?? undefined)
  stub.on('/listTagsForStream', (_, response) => json(403, 'AccessDeniedException', 'no')(response) ?? undefined)
  stub.on('/listStreams', (_, response) => json(403, 'ExpiredTokenException', 'no')(response) ?? undefined)
  await failureOf(kvs)
  await kvs.streams.tags({ arn: STREAM_ARN }, enoughTime()).catch(() => null)
  await kvs.check(enoughTime()).catch(() => null)
  expect(warnings).toHaveLength(3)
})

describe('with other endpoints', () => {
  test('a host that cannot be found', async () => {
    const lost = createKvs({
      target: { backend: 'aws', endpoint: 'http://kinesisvideo.no-such-region.invalid', dataEndpointSuffixes: null },
      warn,
    })
    const before = { ...process.env }
    Object.assign(process.env, { AWS_REGION: 'no-such-region', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' })
    const failure = await failureOf(lost)
    process.env = before
    expect(failure).toMatchObject({
      code: 'KVS_UNAVAILABLE',
      message: expect.stringContaining('its host cannot be found. Check AWS_REGION'),
    })
    expect(warnings).toHaveLength(1)
    lost.close()
  })

  test('a stream of another Region', async () => {
    stub.on('/describeStream', (_, response) => json(404, 'ResourceNotFoundException', 'no')(response) ?? undefined)
    const regional = createKvs({ target: { backend: 'aws', endpoint: stub.url, dataEndpointSuffixes: null }, warn })
    const before = { ...process.env }
    Object.assign(process.env, { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' })
    const found = regional.streams.find({ arn: STREAM_ARN }, enoughTime())
    await expect(found).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('in the Region us-east-1, but this gateway uses eu-west-1'),
    })
    expect(await regional.streams.find({ name: 'dock-3' }, enoughTime())).toBeNull()
    process.env = before
    regional.close()
  })

  test('the embedded server with KVS_ACCESS_KEYS', async () => {
    const embedded = await startKvsTestServer({ accessKeys: [TEST_CREDENTIALS] })
    const of = (accessKey: typeof TEST_CREDENTIALS) =>
      createKvs({ target: { backend: 'embedded', endpoint: embedded.url, accessKey }, warn })
    const wrong = of({ ...TEST_CREDENTIALS, secretAccessKey: 'another' })
    expect((await failureOf(wrong)).message).toContain('AWS_SECRET_ACCESS_KEY')
    const unknown = of({ ...TEST_CREDENTIALS, accessKeyId: 'NOBODY' })
    expect((await failureOf(unknown)).message).toContain('does not know its access key')
    for (const each of [wrong, unknown]) each.close()
    await embedded[Symbol.asyncDispose]()
  })
})
