import {
  CreateStreamCommand,
  DeleteStreamCommand,
  ListTagsForResourceCommand,
  ListTagsForStreamCommand,
  TagResourceCommand,
  TagStreamCommand,
  TagsPerResourceExceededLimitException,
  UntagResourceCommand,
  UntagStreamCommand,
} from '@aws-sdk/client-kinesis-video'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'

let kvs: KvsTestServer
beforeAll(async () => {
  kvs = await startKvsTestServer()
})
afterAll(() => kvs[Symbol.asyncDispose]())

async function createStream(StreamName: string, Tags?: Record<string, string>): Promise<string> {
  const { StreamARN } = await kvs.control.send(new CreateStreamCommand({ StreamName, Tags }))
  if (StreamARN === undefined) throw new Error('CreateStream answered without an ARN')
  return StreamARN
}

test('tags are set with the stream, overwritten and removed, and unknown keys are ignored', async () => {
  await createStream('tagged', { site: 'north', floor: '2' })
  await kvs.control.send(new TagStreamCommand({ StreamName: 'tagged', Tags: { floor: '3', 'owner/team': 'Zoë +1' } }))
  await kvs.control.send(new UntagStreamCommand({ StreamName: 'tagged', TagKeyList: ['site', 'never-there'] }))
  const { Tags } = await kvs.control.send(new ListTagsForStreamCommand({ StreamName: 'tagged' }))
  expect(Tags).toEqual({ floor: '3', 'owner/team': 'Zoë +1' })
})

test('the resource operations return the same tags, and take lists where the stream operations take maps', async () => {
  const ResourceARN = await createStream('resource', { a: '1' })
  await kvs.control.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: 'b', Value: '' }] }))
  await kvs.control.send(new UntagResourceCommand({ ResourceARN, TagKeyList: ['a'] }))
  expect((await kvs.control.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags).toEqual({ b: '' })
  expect((await kvs.control.send(new ListTagsForStreamCommand({ StreamName: 'resource' }))).Tags).toEqual({ b: '' })
})

test('a stream has at most 50 tags, and a call that would exceed the limit sets none', async () => {
  await createStream('full', Object.fromEntries(Array.from({ length: 49 }, (_, i) => [`k${i}`, 'v'])))
  const tooMany = kvs.control.send(new TagStreamCommand({ StreamName: 'full', Tags: { k0: 'w', x: '1', y: '2' } }))
  await expect(tooMany).rejects.toBeInstanceOf(TagsPerResourceExceededLimitException)
  const { Tags } = await kvs.control.send(new ListTagsForStreamCommand({ StreamName: 'full' }))
  expect(Object.keys(Tags ?? {})).toHaveLength(49)
  expect(Tags?.k0).toBe('v')
})

test('a call accepts at most 50 tags', async () => {
  const ResourceARN = await createStream('tagless')
  const Tags = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, 'v']))
  const TagList = Object.entries(Tags).map(([Key, Value]) => ({ Key, Value }))
  const calls = [
    () => kvs.control.send(new CreateStreamCommand({ StreamName: 'another', Tags })),
    () => kvs.control.send(new TagStreamCommand({ StreamName: 'tagless', Tags })),
    () => kvs.control.send(new TagResourceCommand({ ResourceARN, Tags: TagList })),
  ]
  for (const call of calls) {
    await expect(call()).rejects.toMatchObject({ name: 'TagsPerResourceExceededLimitException', $metadata: { httpStatusCode: 400 } })
  }
  const none = await kvs.post('/tagStream', { StreamName: 'tagless', Tags: {} })
  expect(none.headers.get('x-amzn-errortype')).toBe('InvalidArgumentException')
})

test('tags are deleted with their stream', async () => {
  const StreamARN = await createStream('brief', { a: '1' })
  await kvs.control.send(new DeleteStreamCommand({ StreamARN }))
  await createStream('brief')
  expect((await kvs.control.send(new ListTagsForStreamCommand({ StreamName: 'brief' }))).Tags).toEqual({})
})

test('a tag named like a built-in property of objects is an ordinary tag', async () => {
  await createStream('odd')
  await kvs.post('/tagStream', '{"StreamName":"odd","Tags":{"__proto__":"x","constructor":"y"}}')
  const text = await (await kvs.post('/listTagsForStream', { StreamName: 'odd' })).text()
  expect(text).toBe('{"NextToken":null,"Tags":{"__proto__":"x","constructor":"y"}}')
})

test.each([
  ['/tagStream', { StreamARN: 'not an arn', Tags: { a: '1' } }, 400, 'InvalidResourceFormatException'],
  ['/tagStream', { StreamName: 'tagged', Tags: {} }, 400, 'InvalidArgumentException'],
  ['/tagStream', { StreamName: 'tagged', Tags: { 'a#b': '1' } }, 400, 'InvalidArgumentException'],
  ['/tagStream', { StreamName: 'tagged', Tags: { a: 1 } }, 400, 'InvalidArgumentException'],
  ['/tagStream', { StreamName: 'absent', Tags: { a: '1' } }, 404, 'ResourceNotFoundException'],
  ['/untagStream', { StreamName: 'tagged', TagKeyList: [] }, 400, 'InvalidArgumentException'],
  ['/untagStream', { StreamName: 'tagged', TagKeyList: 'a' }, 400, 'InvalidArgumentException'],
  ['/listTagsForStream', { StreamName: 'tagged', NextToken: 'abc' }, 400, 'InvalidArgumentException'],
  ['/TagResource', { Tags: [{ Key: 'a', Value: '1' }] }, 400, 'InvalidArgumentException'],
  [
    '/TagResource',
    { ResourceARN: 'arn:aws:kinesisvideo:us-east-1:000000000000:channel/x/1', Tags: [{ Key: 'a', Value: '' }] },
    404,
    'ResourceNotFoundException',
  ],
  ['/TagResource', { ResourceARN: 'arn:aws:kinesisvideo:us-east-1:000000000000:stream/x/1', Tags: [7] }, 400, 'InvalidArgumentException'],
  ['/ListTagsForResource', { ResourceARN: 'x' }, 400, 'InvalidArgumentException'],
])('%s refuses %j', async (path, body, status, name) => {
  const answer = await kvs.post(path, body)
  expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([status, name])
})
