import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { GatewayError } from '../../src/domain/errors.js'
import type { Kvs } from '../../src/kvs/kvs.js'
import { createKvsForTest, enoughTime } from '../support/kvs-for-test.js'
import { fragmentRow, STREAM_ARN, streamInfo } from '../support/kvs-wire-rows.js'
import { KvsWireStub } from '../support/kvs-wire-stub.js'

const RANGE = { startMs: 1_790_000_000_000, endMs: 1_790_000_060_000 }
const SELECTOR = { streamArn: STREAM_ARN, fragmentSelectorType: 'SERVER_TIMESTAMP' as const, range: RANGE }
const TIME_KEYS = /Ms$/

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

interface Subject {
  readonly path: string
  readonly sound: () => object
  readonly ask: (kvs: Kvs) => Promise<unknown>
}

const SUBJECTS: Readonly<Record<string, Subject>> = {
  DescribeStream: {
    path: '/describeStream',
    sound: () => ({ StreamInfo: streamInfo() }),
    ask: ({ streams }) => streams.find({ name: 'dock-3' }, enoughTime()),
  },
  ListStreams: {
    path: '/listStreams',
    sound: () => ({ StreamInfoList: [streamInfo('a'), streamInfo('b')], NextToken: null }),
    ask: async ({ streams }) => (await streams.list({ limit: 10 }, enoughTime())).streams,
  },
  ListTagsForStream: {
    path: '/listTagsForStream',
    sound: () => ({ Tags: { site: 'berlin', floor: '2' }, NextToken: null }),
    ask: ({ streams }) => streams.tags({ arn: STREAM_ARN }, enoughTime()),
  },
  GetDataEndpoint: {
    path: '/getDataEndpoint',
    sound: () => ({ DataEndpoint: 'http://127.0.0.1:1' }),
    ask: async ({ endpoints }) => {
      const [found] = await endpoints.getMany([{ streamArn: STREAM_ARN, api: 'GET_CLIP' }], enoughTime())
      if (found instanceof Error) throw found
      return found
    },
  },
  ListFragments: {
    path: '/listFragments',
    sound: () => ({ Fragments: [fragmentRow(1, RANGE.startMs), fragmentRow(2, RANGE.startMs + 2000)], NextToken: null }),
    ask: ({ fragments }) => fragments.list(SELECTOR, enoughTime()),
  },
  GetHLSStreamingSessionURL: {
    path: '/getHLSStreamingSessionURL',
    sound: () => ({ HLSStreamingSessionURL: 'http://127.0.0.1:4010/hls/v1/getHLSMasterPlaylist.m3u8?SessionToken=x' }),
    ask: ({ hls }) => hls.getSessionUrl({ ...SELECTOR, playbackMode: 'ON_DEMAND', expiresInSeconds: 300 }, enoughTime()),
  },
}

type Path = readonly (string | number)[]

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...path, Array.isArray(value) ? Number(key) : key]))]
}

/** The value with what is at the path replaced, or removed where `by` is undefined. */
function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? replaced(item, rest, by) : item))
  return Object.fromEntries(
    Object.entries(value as object).map(([name, member]) => [name, name === key ? replaced(member, rest, by) : member]),
  )
}

const anyWrong = fc.oneof(
  fc.constantFrom(undefined, null, '', 'x', 'NaN', '12', '1e400', -1, 0, 0.5, 1e15, 1e300, true, [], {}, [[]], ['x'], { a: 1 }),
  fc.constantFrom('javascript:alert(1)', 'file:///etc/passwd', 'https://169.254.169.254/', 'arn:aws:s3:::x', '../..', 'A'.repeat(20_000)),
  fc.string({ maxLength: 20 }),
  fc.double(),
  fc.jsonValue({ maxDepth: 2 }),
)

/** What is inside the gateway from then on. */
function expectSound(value: unknown): void {
  if (Array.isArray(value)) value.forEach(expectSound)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  for (const [key, member] of Object.entries(value)) {
    if (key === 'sizeBytes' || key === 'dataRetentionInHours' || TIME_KEYS.test(key)) {
      expect(Number.isSafeInteger(member) && member >= 0).toBe(true)
      if (key.endsWith('AtMs') || key.endsWith('TimestampMs')) expect(new Date(member).toISOString()).toMatch(/^\d{4}-/)
    } else if (member !== null) expect(typeof member).toBe('string')
  }
}

describe.each(Object.keys(SUBJECTS))('%s', (operation) => {
  const subject = SUBJECTS[operation]
  if (subject === undefined) throw new Error(`nothing is known of ${operation}`)

  test('is accepted as the service sends it', async () => {
    stub.on(subject.path, subject.sound)
    expectSound(await subject.ask(kvs))
  })

  test('with an invalid member is accepted, or is a service error', async () => {
    const paths = fc.constantFrom(...pathsOf(subject.sound()))
    await fc.assert(
      fc.asyncProperty(paths, anyWrong, async (path, wrong) => {
        const answer = replaced(subject.sound(), path, wrong)
        stub.on(subject.path, (_, response) => void response.writeHead(200).end(JSON.stringify(answer) ?? ''))
        const fresh = createKvsForTest(stub)
        try {
          expectSound(await subject.ask(fresh))
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
          expect(error).toMatchObject({ code: 'KVS_UNAVAILABLE' })
        } finally {
          fresh.close()
        }
      }),
      { numRuns: 120 },
    )
  }, 120_000)
})

describe('a listing', () => {
  test('with the same fragment many times contains it once', async () => {
    const row = fragmentRow(7, RANGE.startMs)
    stub.on('/listFragments', () => ({ Fragments: [row, row, fragmentRow('007', RANGE.startMs), row] }))
    expect((await kvs.fragments.list(SELECTOR, enoughTime())).filter(({ fragmentNumber }) => fragmentNumber === '7')).toHaveLength(1)
  })

  test('whose token repeats ends', async () => {
    stub.on('/listFragments', () => ({ Fragments: [], NextToken: 'again' }))
    stub.on('/listStreams', () => ({ StreamInfoList: [], NextToken: 'again' }))
    await expect(kvs.fragments.list(SELECTOR, enoughTime())).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE' })
    await expect(kvs.streams.list({ limit: 1 }, enoughTime())).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE' })
    expect(stub.to('/listFragments').length + stub.to('/listStreams').length).toBeLessThan(10)
  })
})

test.each(['javascript:alert(1)', 'https://evil.example/x.m3u8', 'http://user:pw@127.0.0.1/x', 'file:///etc/passwd'])(
  'a session URL such as %s is not handed on',
  async (url) => {
    stub.on('/getHLSStreamingSessionURL', () => ({ HLSStreamingSessionURL: url }))
    await expect(SUBJECTS.GetHLSStreamingSessionURL?.ask(kvs)).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE' })
  },
)
