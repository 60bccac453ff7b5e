import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ClipDocument, RequestClipDocument, ValidateClipDocument } from '../../src/client/generated/graphql.js'
import { GatewayError } from '../../src/domain/errors.js'
import { FAKE_CLIP_ID } from '../support/fake-clips.js'
import { buildHarness } from '../support/graphql-harness.js'

const input = { streamName: 'camera-01', startTimestamp: '2023-11-14T22:15:00Z', endTimestamp: '2023-11-14T23:16:00+01:00' }
let harness: Awaited<ReturnType<typeof buildHarness>>

beforeEach(async () => {
  harness = await buildHarness()
})
afterEach(() => harness.app.close())

describe('requestClip', () => {
  test('passes the input with its defaults, and returns the clip', async () => {
    const { data, errors } = await harness.ask(RequestClipDocument, { input })
    expect(errors).toEqual([])
    expect({ ...harness.clips.inputs[0] }).toEqual({
      streamName: 'camera-01',
      fragmentSelectorType: 'SERVER_TIMESTAMP',
      startTimestamp: 1_700_000_100_000,
      endTimestamp: 1_700_000_160_000,
      cut: 'FRAGMENT',
      overflow: expect.stringMatching(/^(JOIN|REFUSE)$/),
    })
    expect(data).toMatchObject({
      requestClip: {
        clip: {
          id: FAKE_CLIP_ID,
          state: 'READY',
          sizeBytes: 5_000_000_000,
          expiresAt: '2023-11-14T22:30:00.000Z',
          delivered: { startTimestamp: '2023-11-14T22:15:00.000Z', endTimestamp: '2023-11-14T22:16:00.000Z', durationMs: 60_000 },
        },
        issues: [],
      },
    })
  })

  test('includes the stream of its clip', async () => {
    const { data } = await harness.ask('mutation ($input: ClipInput!) { requestClip(input: $input) { clip { stream { name } } } }', {
      input,
    })
    expect(data).toEqual({ requestClip: { clip: { stream: { name: 'camera-01' } } } })
  })

  test('returns retryAfterMs and the AWS request ID', async () => {
    harness.clips.failures = [new GatewayError('KVS_THROTTLED', 'Kinesis Video is busy.', { retryAfterMs: 1500, awsRequestId: 'abc-1' })]
    const { status, data, errors } = await harness.ask(RequestClipDocument, { input })
    expect({ status, data }).toEqual({ status: 200, data: { requestClip: null } })
    expect(errors).toMatchObject([
      {
        message: 'Kinesis Video is busy.',
        path: ['requestClip'],
        extensions: { code: 'KVS_THROTTLED', retryAfterMs: 1500, awsRequestId: 'abc-1' },
      },
    ])
  })

  test('hides an internal error, and logs it', async () => {
    harness.clips.failures = [new TypeError("Cannot read properties of undefined (reading 'secret')")]
    const { errors } = await harness.ask(RequestClipDocument, { input })
    expect(errors).toEqual([
      expect.objectContaining({
        message: 'Something went wrong in the gateway; its log says what.',
        extensions: { code: 'INTERNAL_SERVER_ERROR' },
      }),
    ])
    expect(harness.logged.join()).toContain("reading 'secret'")
  })

  test('by GET is refused, because it is a mutation', async () => {
    const query = 'mutation { renewClipUrl(id: "x") { clip { id } } }'
    const url = `/graphql?query=${encodeURIComponent(query)}`
    const response = await harness.app.inject({ url })
    expect(response.statusCode).toBe(405)
  })
})

describe('requestClips', () => {
  const mutation = 'mutation ($inputs: [ClipInput!]!) { requestClips(inputs: $inputs) { clip { id } } }'

  test('returns one item for each input, in order, and null for a failed one', async () => {
    harness.clips.failures = [null, new GatewayError('KVS_ACCESS_DENIED', 'Not yours.'), null]
    const { data, errors } = await harness.ask(mutation, { inputs: [input, input, input] })
    expect(data).toEqual({ requestClips: [{ clip: { id: FAKE_CLIP_ID } }, null, { clip: { id: FAKE_CLIP_ID } }] })
    expect(errors).toMatchObject([{ path: ['requestClips', 1], extensions: { code: 'KVS_ACCESS_DENIED' } }])
  })

  test('of no inputs is empty', async () => {
    expect(await harness.ask(mutation, { inputs: [] })).toMatchObject({ data: { requestClips: [] }, errors: [] })
  })

  test('refuses more than limits.maxClipsPerRequest, and requests none of them', async () => {
    const { data: limits } = await harness.ask('{ limits { maxClipsPerRequest } }')
    const most = JSON.parse(JSON.stringify(limits)).limits.maxClipsPerRequest
    const { errors } = await harness.ask(mutation, { inputs: Array.from({ length: most + 1 }, () => input) })
    expect(errors).toMatchObject([{ message: `inputs must be at most ${most}, got ${most + 1}.`, extensions: { code: 'BAD_USER_INPUT' } }])
    expect(harness.clips.inputs).toEqual([])
  })
})

describe('a clip', () => {
  test('is found by its ID with clip and with node', async () => {
    const { data } = await harness.ask(ClipDocument, { id: FAKE_CLIP_ID })
    expect(data).toMatchObject({ clip: { id: FAKE_CLIP_ID } })
    const node = await harness.ask('query ($id: ID!) { node(id: $id) { __typename id ... on Clip { fileName } } }', { id: FAKE_CLIP_ID })
    expect(node.data).toEqual({ node: { __typename: 'Clip', id: FAKE_CLIP_ID, fileName: 'camera-01.mp4' } })
  })

  test('with a foreign ID is null without an error', async () => {
    expect(await harness.ask(ClipDocument, { id: 'foreign' })).toEqual({ status: 200, data: { clip: null }, errors: [] })
  })

  test('gets a new URL, unless its ID is foreign', async () => {
    const { data } = await harness.ask('mutation ($id: ID!) { renewClipUrl(id: $id, expiresInSeconds: 60) { clip { id } } }', {
      id: FAKE_CLIP_ID,
    })
    expect(data).toEqual({ renewClipUrl: { clip: { id: FAKE_CLIP_ID } } })
    const foreign = await harness.ask('mutation { renewClipUrl(id: "foreign") { clip { id } } }')
    expect(foreign.data).toEqual({ renewClipUrl: null })
    expect(foreign.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
  })
})

describe('the input', () => {
  test('is validated without a fetch', async () => {
    const { data } = await harness.ask(ValidateClipDocument, { input })
    expect(data).toEqual({ validateClip: { valid: true, issues: [], plan: null } })
  })

  test.each([
    ['a time without a zone', { startTimestamp: '2023-11-14T22:15:00' }],
    ['a number for a time', { startTimestamp: 1_700_000_000 }],
    ['null for a time', { endTimestamp: null }],
    ['the year 10000', { endTimestamp: '+010000-01-01T00:00:00Z' }],
    ['an unknown cut', { cut: 'SLOPPY' }],
    ['null for the cut', { cut: null }],
    ['a name that is no text', { streamName: 5 }],
    ['a fraction of a second of expiry', { expiresInSeconds: 1.5 }],
    ['more seconds than Int holds', { expiresInSeconds: 2 ** 31 }],
    ['a field that there is not', { colour: 'red' }],
  ])('with %s is refused before anything runs', async (_, change) => {
    const { status, data, errors } = await harness.ask(RequestClipDocument, { input: { ...input, ...change } })
    expect({ status, data }).toEqual({ status: 400, data: null })
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
    expect(harness.clips.inputs).toEqual([])
  })

  test('with a very long text is refused with a short message', async () => {
    const { errors } = await harness.ask(RequestClipDocument, { input: { ...input, startTimestamp: 'x'.repeat(500_000) } })
    expect(errors[0]?.message.length).toBeLessThan(600)
  })
})

test('limits are those of GetClip and of this gateway', async () => {
  const { data } = await harness.ask(
    '{ limits { maxFragmentsPerGetClip maxBytesPerGetClip maxRangeHours maxClipBytes maxUrlSeconds defaultUrlSeconds maxClipsPerRequest } }',
  )
  expect(data).toEqual({
    limits: {
      maxFragmentsPerGetClip: 200,
      maxBytesPerGetClip: 100_000_000,
      maxRangeHours: 24,
      maxClipBytes: 2_147_483_648,
      maxUrlSeconds: 86_400,
      defaultUrlSeconds: 900,
      maxClipsPerRequest: 25,
    },
  })
})
