import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createKvs, type Kvs } from '../../src/kvs/kvs.js'
import { createKvsForTest, enoughTime } from '../support/kvs-for-test.js'
import { KvsWireStub, refuse } from '../support/kvs-wire-stub.js'

let stub: KvsWireStub
let kvs: Kvs

beforeEach(async () => {
  stub = await new KvsWireStub().listen()
  kvs = createKvsForTest(stub)
})
afterEach(async () => {
  kvs.close()
  await stub.close()
})

describe('the check of Kinesis Video', () => {
  test('lists one stream', async () => {
    stub.on('/listStreams', () => ({ StreamInfoList: [], NextToken: 'more' }))
    await expect(kvs.check(enoughTime())).resolves.toBeUndefined()
    expect(stub.to('/listStreams').map(({ body }) => body)).toEqual([{ MaxResults: 1 }])
  })

  test.each([
    [400, 'ClientLimitExceededException'],
    [403, 'AccessDeniedException'],
  ])('succeeds with an error that shows that the service is reachable: %i %s', async (status, name) => {
    stub.on('/listStreams', (_, response) => refuse(response, status, name, 'no'))
    await expect(kvs.check(enoughTime())).resolves.toBeUndefined()
  })

  test.each([
    [403, 'InvalidSignatureException', 'KVS_ACCESS_DENIED'],
    [500, 'InternalFailure', 'KVS_UNAVAILABLE'],
  ])('fails without a retry when the service fails: %i %s', async (status, name, code) => {
    stub.on('/listStreams', (_, response) => refuse(response, status, name, 'no'))
    await expect(kvs.check(enoughTime())).rejects.toMatchObject({ code })
    expect(stub.to('/listStreams')).toHaveLength(1)
  })

  test('fails when the service does not answer in time', async () => {
    stub.on('/listStreams', () => new Promise(() => undefined))
    await expect(kvs.check(AbortSignal.timeout(20))).rejects.toThrow('Kinesis Video did not answer ListStreams in time.')
  })
})

describe('with AWS', () => {
  test('a custom control plane is called also when FIPS is on, and signed for the configured Region', async () => {
    const aws = createKvs({ target: { backend: 'aws', endpoint: stub.url, dataEndpointSuffixes: null } })
    stub.on('/listStreams', () => ({ StreamInfoList: [] }))
    const before = { ...process.env }
    Object.assign(process.env, {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKID',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_USE_FIPS_ENDPOINT: 'true',
    })
    try {
      await aws.check(enoughTime())
      expect(stub.to('/listStreams')[0]?.headers.authorization).toContain('/eu-west-1/kinesisvideo/')
    } finally {
      process.env = before
      aws.close()
    }
  })

  test('a start without a Region fails with the missing setting', async () => {
    const aws = createKvs({ target: { backend: 'aws', endpoint: null, dataEndpointSuffixes: null } })
    const before = { ...process.env }
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) delete process.env[name]
    Object.assign(process.env, { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' })
    try {
      await expect(aws.checkSetup()).rejects.toThrow(
        'No AWS Region is configured: set AWS_REGION, or AWS_PROFILE to a profile that names one.',
      )
    } finally {
      process.env = before
      aws.close()
    }
  })
})
