import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { StreamEndpointsDocument, StreamsDocument } from '../../src/client/generated/graphql.js'
import { fakeStream } from '../support/fake-kvs.js'
import { buildHarness, NOW_MS } from '../support/graphql-harness.js'

const names = Array.from({ length: 10 }, (_, index) => `camera-${String(index).padStart(2, '0')}`)
let harness: Awaited<ReturnType<typeof buildHarness>>

beforeEach(async () => {
  harness = await buildHarness({ streams: names.map((name) => fakeStream(name)) })
})
afterEach(() => harness.app.close())

describe('streams', () => {
  test('come in pages that are linked by cursors', async () => {
    const seen: unknown[] = []
    let after: unknown = null
    for (let page = 0; page < 4; page += 1) {
      const { data } = await harness.ask(
        `query ($after: String) { streams(first: 3, after: $after) { nodes { name } edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
        { after },
      )
      const streams = JSON.parse(JSON.stringify(data?.streams))
      expect(streams.edges.map((edge: { node: object }) => edge.node)).toEqual(streams.nodes)
      expect(streams.pageInfo).toEqual({
        hasNextPage: page < 3,
        hasPreviousPage: page > 0,
        startCursor: streams.edges[0].cursor,
        endCursor: streams.edges.at(-1).cursor,
      })
      seen.push(...streams.nodes.map((node: { name: string }) => node.name))
      after = streams.pageInfo.endCursor
    }
    expect(seen).toEqual(names)
  })

  test('can be filtered by the start of their names', async () => {
    const { data } = await harness.ask(StreamsDocument, { namePrefix: 'camera-09' })
    expect(data).toMatchObject({ streams: { nodes: [{ name: 'camera-09' }], pageInfo: { hasNextPage: false } } })
  })

  test('are an empty page when there are none', async () => {
    const { data } = await harness.ask(StreamsDocument, { namePrefix: 'nothing' })
    expect(data).toMatchObject({ streams: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } })
  })

  test.each([
    ['first: 0', 'first must be from 1 to 1000, got 0.'],
    ['first: 1001', 'first must be from 1 to 1000, got 1001.'],
    ['first: -5', 'first must be from 1 to 1000, got -5.'],
    ['after: "nonsense"', 'after must be a cursor of an earlier page of the same list.'],
    ['after: ""', 'after must be a cursor of an earlier page of the same list.'],
    ['namePrefix: ""', 'namePrefix must be 1 to 256 of letters, digits, ".", "_" and "-", got "".'],
    ['namePrefix: "a b"', 'namePrefix must be 1 to 256 of letters, digits, ".", "_" and "-", got "a b".'],
  ])('refuses %s', async (args, message) => {
    const { status, data, errors } = await harness.ask(`{ streams(${args}) { nodes { name } } }`)
    expect({ status, data }).toEqual({ status: 200, data: { streams: null } })
    expect(errors).toMatchObject([{ message, path: ['streams'], extensions: { code: 'BAD_USER_INPUT' } }])
  })
})

describe('a stream', () => {
  test('has the fields of DescribeStream, and fields that are derived from them', async () => {
    const { data, errors } = await harness.ask(
      '{ stream(name: "camera-01") { id name arn status mediaType deviceName kmsKeyId version createdAt dataRetentionInHours retainedFrom tags { key value } dataEndpoint } }',
    )
    expect(errors).toEqual([])
    expect(data?.stream).toEqual({
      id: expect.any(String),
      name: 'camera-01',
      arn: 'arn:aws:kinesisvideo:us-east-1:123456789012:stream/camera-01/1700000000000',
      status: 'ACTIVE',
      mediaType: 'video/h264',
      deviceName: null,
      kmsKeyId: 'alias/aws/kinesisvideo',
      version: 'abcdefghijABCDEFGHIJ',
      createdAt: '2023-11-14T22:13:20.000Z',
      dataRetentionInHours: 24,
      retainedFrom: new Date(NOW_MS - 24 * 3_600_000).toISOString(),
      tags: [
        { key: 'floor', value: '' },
        { key: 'site', value: 'north' },
      ],
      dataEndpoint: 'https://get-clip.example.com',
    })
  })

  test('is found by its ARN, and by its ID with node', async () => {
    const arn = fakeStream('camera-02').arn
    const found = await harness.ask(`{ stream(arn: "${arn}") { id } }`)
    const { id } = JSON.parse(JSON.stringify(found.data?.stream))
    expect(id).not.toContain('camera')
    const { data } = await harness.ask('query ($id: ID!) { node(id: $id) { __typename id ... on Stream { name } } }', { id })
    expect(data).toEqual({ node: { __typename: 'Stream', id, name: 'camera-02' } })
  })

  test('that does not exist is null without an error', async () => {
    expect(await harness.ask('{ stream(name: "nobody") { id } }')).toEqual({ status: 200, data: { stream: null }, errors: [] })
  })

  test.each([
    ['', 'Give exactly one of name and arn, not neither.'],
    ['(name: "a", arn: "b")', 'Give exactly one of name and arn, not both.'],
    ['(name: null)', 'Give exactly one of name and arn, not neither.'],
    ['(name: "")', 'name must be 1 to 256 of letters, digits, ".", "_" and "-", got "".'],
    ['(name: "a/b")', 'name must be 1 to 256 of letters, digits, ".", "_" and "-", got "a/b".'],
    ['(arn: "arn:aws:s3:::bucket")', 'arn must be the ARN of a stream (arn:aws:kinesisvideo:…), got "arn:aws:s3:::bucket".'],
  ])('requested as stream%s is refused', async (args, message) => {
    const { data, errors } = await harness.ask(`{ stream${args} { id } }`)
    expect(data).toEqual({ stream: null })
    expect(errors).toMatchObject([{ message, extensions: { code: 'BAD_USER_INPUT' } }])
  })

  test('without retention has no retainedFrom', async () => {
    const other = await buildHarness({
      streams: [fakeStream('live', { dataRetentionInHours: 0 }), fakeStream('young', { createdAtMs: NOW_MS - 1000 })],
    })
    const { data } = await other.ask('{ streams { nodes { retainedFrom } } }')
    expect(data).toEqual({ streams: { nodes: [{ retainedFrom: null }, { retainedFrom: new Date(NOW_MS - 1000).toISOString() }] } })
    await other.app.close()
  })
})

describe('one operation', () => {
  test('looks up each endpoint once, in one batch', async () => {
    const { errors } = await harness.ask(StreamEndpointsDocument, { first: 10 })
    expect(errors).toEqual([])
    expect(harness.endpoints.batches).toHaveLength(1)
    expect(harness.endpoints.batches[0]).toHaveLength(10)
  })

  test('describes the streams that it names together', async () => {
    const fields = names.map((name, index) => `s${index}: stream(name: "${name}") { name again: dataEndpoint dataEndpoint }`).join(' ')
    const { errors } = await harness.ask(`{ ${fields} }`)
    expect(errors).toEqual([])
    expect(harness.streams.findManyCalls).toHaveLength(1)
    expect(harness.endpoints.batches.flat()).toHaveLength(10)
  })

  test('keeps the rest of its response when one endpoint lookup fails', async () => {
    const other = await buildHarness({ streams: [fakeStream('broken'), fakeStream('whole')] })
    const { status, data, errors } = await other.ask('{ streams { nodes { name dataEndpoint } } }')
    expect(status).toBe(200)
    expect(data).toEqual({
      streams: {
        nodes: [
          { name: 'broken', dataEndpoint: null },
          { name: 'whole', dataEndpoint: 'https://get-clip.example.com' },
        ],
      },
    })
    expect(errors).toMatchObject([{ path: ['streams', 'nodes', 0, 'dataEndpoint'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }])
    expect(JSON.stringify(errors)).not.toContain('10.0.0.1')
    expect(other.logged.join()).toContain('10.0.0.1')
    await other.app.close()
  })
})

test.each(['', 'x', 'U3RyZWFtOg', Buffer.from('Stream:no arn').toString('base64url'), 'a'.repeat(100_000)])(
  'no node has the id %.20s',
  async (id) => {
    const { data, errors } = await harness.ask('query ($id: ID!) { node(id: $id) { id } }', { id })
    expect({ data, errors }).toEqual({ data: { node: null }, errors: [] })
  },
)
