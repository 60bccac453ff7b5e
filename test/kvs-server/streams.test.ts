import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  DescribeStreamStorageConfigurationCommand,
  GetDataEndpointCommand,
  InvalidArgumentException,
  ListStreamsCommand,
  paginateListStreams,
  ResourceInUseException,
  ResourceNotFoundException,
  UpdateDataRetentionCommand,
  UpdateStreamCommand,
  UpdateStreamStorageConfigurationCommand,
  VersionMismatchException,
} from '@aws-sdk/client-kinesis-video'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'

let kvs: KvsTestServer
beforeAll(async () => {
  kvs = await startKvsTestServer()
})
afterAll(() => kvs[Symbol.asyncDispose]())

async function describeStream(StreamName: string) {
  const { StreamInfo } = await kvs.control.send(new DescribeStreamCommand({ StreamName }))
  if (StreamInfo === undefined) throw new Error('DescribeStream answered without StreamInfo')
  return StreamInfo
}

describe('CreateStream and DescribeStream', () => {
  test('give a new stream an ARN that ends in its creation time, a version of 20 alphanumeric characters and status ACTIVE', async () => {
    const before = Date.now()
    const created = await kvs.control.send(
      new CreateStreamCommand({ StreamName: 'dock-1', DataRetentionInHours: 24, MediaType: 'video/h264', DeviceName: 'cam.1' }),
    )
    const info = await describeStream('dock-1')
    const createdAtMs = info.CreationTime?.getTime() ?? 0
    expect(createdAtMs).toBeGreaterThanOrEqual(before)
    expect(created.StreamARN).toBe(`arn:aws:kinesisvideo:us-east-1:000000000000:stream/dock-1/${createdAtMs}`)
    expect(info).toMatchObject({
      DataRetentionInHours: 24,
      DeviceName: 'cam.1',
      MediaType: 'video/h264',
      Status: 'ACTIVE',
      StreamName: 'dock-1',
    })
    expect(info.Version).toMatch(/^[A-Za-z0-9]{20}$/)
    expect(info.KmsKeyId).toBe('arn:aws:kms:us-east-1:000000000000:alias/aws/kinesisvideo')
    const byArn = await kvs.control.send(new DescribeStreamCommand({ StreamARN: created.StreamARN }))
    expect(byArn.StreamInfo?.Version).toBe(info.Version)
  })

  test('keep unset members as explicit nulls, in alphabetical order, and write times as Java doubles', async () => {
    await kvs.control.send(new CreateStreamCommand({ StreamName: 'raw' }))
    const text = await (await kvs.post('/describeStream', { StreamName: 'raw' })).text()
    expect(text).toMatch(
      /^\{"StreamInfo":\{"CreationTime":1\.\d+E9,"DataRetentionInHours":0,"DeviceName":null,"IngestionConfiguration":null,"KmsKeyId":"[^"]+","MediaType":null,"Status":"ACTIVE","StreamARN":"[^"]+","StreamName":"raw","Version":"\w{20}"\}\}$/,
    )
  })

  test('refuse a name that exists', async () => {
    await kvs.control.send(new CreateStreamCommand({ StreamName: 'taken' }))
    await expect(kvs.control.send(new CreateStreamCommand({ StreamName: 'taken' }))).rejects.toBeInstanceOf(ResourceInUseException)
  })

  test('create a different stream for the name of a deleted one: the ARN is new, and the old ARN is not found', async () => {
    const first = await kvs.control.send(new CreateStreamCommand({ StreamName: 'reborn' }))
    await kvs.control.send(new DeleteStreamCommand({ StreamARN: first.StreamARN }))
    await expect(describeStream('reborn')).rejects.toBeInstanceOf(ResourceNotFoundException)
    const second = await kvs.control.send(new CreateStreamCommand({ StreamName: 'reborn' }))
    expect(second.StreamARN).not.toBe(first.StreamARN)
    await expect(kvs.control.send(new DescribeStreamCommand({ StreamARN: first.StreamARN }))).rejects.toThrow(
      'The requested stream is not found or not active.',
    )
  })

  test.each([
    ['an empty name', { StreamName: '' }, 'StreamName must be 1 to 256 characters long (got 0 characters)'],
    ['a name with a space', { StreamName: 'a b' }, 'StreamName must be of the form ^[a-zA-Z0-9_.-]+$ (got a b)'],
    ['a name of 257 characters', { StreamName: 'x'.repeat(257) }, 'StreamName must be 1 to 256 characters long (got 257 characters)'],
    ['a name that is no string', { StreamName: 7 }, 'StreamName must be a string (got 7)'],
    ['no name', {}, 'StreamName is required'],
    [
      'eleven years of retention',
      { StreamName: 'x', DataRetentionInHours: 87_601 },
      'DataRetentionInHours must be a whole number from 0 to 87600 (got 87601)',
    ],
    [
      'half an hour of retention',
      { StreamName: 'x', DataRetentionInHours: 0.5 },
      'DataRetentionInHours must be a whole number from 0 to 87600 (got 0.5)',
    ],
    ['a media type without a slash', { StreamName: 'x', MediaType: 'video' }, /^MediaType must be of the form/],
    [
      'an unknown tier',
      { StreamName: 'x', StreamStorageConfiguration: { DefaultStorageTier: 'COLD' } },
      'DefaultStorageTier must be one of HOT, WARM (got COLD)',
    ],
  ])('refuse %s', async (_what, input, message) => {
    const answer = await kvs.post('/createStream', input)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('x-amzn-errortype')).toBe('InvalidArgumentException')
    expect(await answer.json()).toMatchObject({
      __type: 'InvalidArgumentException',
      Message: typeof message === 'string' ? message : expect.stringMatching(message),
    })
  })
})

describe('a stream named in a request', () => {
  test.each(['/describeStream', '/getDataEndpoint', '/listTagsForStream', '/describeStreamStorageConfiguration'])(
    'is refused by %s when neither name nor ARN is given',
    async (path) => {
      const answer = await kvs.post(path, { APIName: 'GET_CLIP' })
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ Message: 'StreamName or StreamARN is required' })
    },
  )

  test('can have both a name and an ARN when they match, and is not found when they do not', async () => {
    const { StreamARN } = await kvs.control.send(new CreateStreamCommand({ StreamName: 'both' }))
    await kvs.control.send(new CreateStreamCommand({ StreamName: 'other' }))
    const same = await kvs.control.send(new DescribeStreamCommand({ StreamName: 'both', StreamARN }))
    expect(same.StreamInfo?.StreamName).toBe('both')
    await expect(kvs.control.send(new DescribeStreamCommand({ StreamName: 'other', StreamARN }))).rejects.toBeInstanceOf(
      ResourceNotFoundException,
    )
  })

  test('is refused when its ARN is that of a signaling channel', async () => {
    const StreamARN = 'arn:aws:kinesisvideo:us-east-1:000000000000:channel/door/1700000000000'
    await expect(kvs.control.send(new DescribeStreamCommand({ StreamARN }))).rejects.toThrow(/StreamARN must be the ARN of a stream/)
  })
})

describe('UpdateStream, UpdateDataRetention and UpdateStreamStorageConfiguration', () => {
  test('compare CurrentVersion and create a new version', async () => {
    await kvs.control.send(new CreateStreamCommand({ StreamName: 'changing', DataRetentionInHours: 2 }))
    const { Version: CurrentVersion } = await describeStream('changing')
    await kvs.control.send(new UpdateStreamCommand({ StreamName: 'changing', CurrentVersion, DeviceName: 'new-device' }))
    const changed = await describeStream('changing')
    expect(changed.DeviceName).toBe('new-device')
    expect(changed.Version).not.toBe(CurrentVersion)
    await expect(
      kvs.control.send(new UpdateStreamCommand({ StreamName: 'changing', CurrentVersion, MediaType: 'video/h264' })),
    ).rejects.toBeInstanceOf(VersionMismatchException)
    expect((await describeStream('changing')).MediaType).toBeUndefined()
  })

  test('change the retention period by a difference, within 0 to 87,600 hours', async () => {
    await kvs.control.send(new CreateStreamCommand({ StreamName: 'kept', DataRetentionInHours: 2 }))
    const change = async (Operation: 'INCREASE_DATA_RETENTION' | 'DECREASE_DATA_RETENTION', DataRetentionChangeInHours: number) => {
      const { Version: CurrentVersion } = await describeStream('kept')
      await kvs.control.send(new UpdateDataRetentionCommand({ StreamName: 'kept', CurrentVersion, Operation, DataRetentionChangeInHours }))
      return (await describeStream('kept')).DataRetentionInHours
    }
    expect(await change('INCREASE_DATA_RETENTION', 22)).toBe(24)
    expect(await change('DECREASE_DATA_RETENTION', 20)).toBe(4)
    await expect(change('DECREASE_DATA_RETENTION', 5)).rejects.toBeInstanceOf(InvalidArgumentException)
    await expect(change('INCREASE_DATA_RETENTION', 87_597)).rejects.toBeInstanceOf(InvalidArgumentException)
    expect(await change('DECREASE_DATA_RETENTION', 4)).toBe(0)
  })

  test('keep the storage tier', async () => {
    await kvs.control.send(new CreateStreamCommand({ StreamName: 'tiered', StreamStorageConfiguration: { DefaultStorageTier: 'WARM' } }))
    const tier = async () =>
      (await kvs.control.send(new DescribeStreamStorageConfigurationCommand({ StreamName: 'tiered' }))).StreamStorageConfiguration
    expect(await tier()).toEqual({ DefaultStorageTier: 'WARM' })
    const { Version: CurrentVersion } = await describeStream('tiered')
    await kvs.control.send(
      new UpdateStreamStorageConfigurationCommand({
        StreamName: 'tiered',
        CurrentVersion,
        StreamStorageConfiguration: { DefaultStorageTier: 'HOT' },
      }),
    )
    expect(await tier()).toEqual({ DefaultStorageTier: 'HOT' })
  })
})

describe('DeleteStream', () => {
  test('refuses a name, compares a given version, and frees the name', async () => {
    const { StreamARN } = await kvs.control.send(new CreateStreamCommand({ StreamName: 'doomed' }))
    expect((await kvs.post('/deleteStream', { StreamName: 'doomed' })).status).toBe(400)
    await expect(kvs.control.send(new DeleteStreamCommand({ StreamARN, CurrentVersion: 'stale' }))).rejects.toBeInstanceOf(
      VersionMismatchException,
    )
    const { Version: CurrentVersion } = await describeStream('doomed')
    await kvs.control.send(new DeleteStreamCommand({ StreamARN, CurrentVersion }))
    await expect(kvs.control.send(new DeleteStreamCommand({ StreamARN }))).rejects.toBeInstanceOf(ResourceNotFoundException)
  })
})

describe('ListStreams', () => {
  test('pages through all streams in the order of their names, each once', async () => {
    for (let i = 0; i < 7; i++) await kvs.control.send(new CreateStreamCommand({ StreamName: `page-${i}` }))
    const names: (string | undefined)[] = []
    const condition = { ComparisonOperator: 'BEGINS_WITH', ComparisonValue: 'page-' } as const
    for await (const page of paginateListStreams({ client: kvs.control, pageSize: 3 }, { StreamNameCondition: condition })) {
      expect(page.StreamInfoList?.length).toBeLessThanOrEqual(3)
      names.push(...(page.StreamInfoList ?? []).map(({ StreamName }) => StreamName))
    }
    expect(names).toEqual(Array.from({ length: 7 }, (_, i) => `page-${i}`))
  })

  test('answers an empty prefix match with an empty list, and no condition with everything', async () => {
    const none = await kvs.control.send(
      new ListStreamsCommand({ StreamNameCondition: { ComparisonOperator: 'BEGINS_WITH', ComparisonValue: 'nothing-like-it' } }),
    )
    expect(none.StreamInfoList).toEqual([])
    const all = await kvs.control.send(new ListStreamsCommand({}))
    expect(all.StreamInfoList?.length).toBeGreaterThan(7)
    expect(all.NextToken).toBeUndefined()
  })

  test.each([
    ['a token it never gave', { NextToken: 'Zm9v' }, /^NextToken must be a token of the answer before/],
    ['a token of foreign characters', { NextToken: 'a-b' }, /^NextToken must be of the form/],
    ['no results at all', { MaxResults: 0 }, /^MaxResults must be a whole number from 1 to 10000/],
    ['another operator', { StreamNameCondition: { ComparisonOperator: 'ENDS_WITH' } }, /^ComparisonOperator must be one of BEGINS_WITH/],
    ['a condition that is a list', { StreamNameCondition: [] }, /^StreamNameCondition must be a structure/],
  ])('refuses %s', async (_what, input, message) => {
    const answer = await kvs.post('/listStreams', input)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ Message: expect.stringMatching(message) })
  })
})

describe('GetDataEndpoint', () => {
  test('returns the address that the client used, without a path', async () => {
    await kvs.control.send(new CreateStreamCommand({ StreamName: 'endpoint' }))
    const { DataEndpoint } = await kvs.control.send(new GetDataEndpointCommand({ StreamName: 'endpoint', APIName: 'GET_CLIP' }))
    expect(DataEndpoint).toBe(kvs.url)
    const byName = await fetch(`${kvs.url.replace('127.0.0.1', 'localhost')}/getDataEndpoint`, {
      method: 'POST',
      body: '{"StreamName":"endpoint","APIName":"PUT_MEDIA"}',
    })
    expect(await byName.json()).toEqual({ DataEndpoint: kvs.url.replace('127.0.0.1', 'localhost') })
  })

  test('refuses an unknown APIName and an unknown stream', async () => {
    expect((await kvs.post('/getDataEndpoint', { StreamName: 'endpoint', APIName: 'GET_CLIPS' })).status).toBe(400)
    expect((await kvs.post('/getDataEndpoint', { StreamName: 'nowhere', APIName: 'GET_CLIP' })).status).toBe(404)
  })
})
