// The same tests for two services: the embedded KVS, and AWS with KVS_REMOTE=1 and credentials (`KVS_REMOTE=1 AWS_REGION=eu-west-1 npm test
// -- test/contract`). They create streams whose names begin with clipgate-contract-, upload some 130 MB, and delete the streams. Clients
// may rely on this behaviour. Where AWS differs, the embedded server is wrong.
import {
  type APIName,
  DeleteStreamCommand,
  DescribeStreamCommand,
  GetDataEndpointCommand,
  ListStreamsCommand,
  ListTagsForStreamCommand,
  TagStreamCommand,
  UntagStreamCommand,
  UpdateDataRetentionCommand,
  UpdateStreamCommand,
} from '@aws-sdk/client-kinesis-video'
import {
  type Fragment,
  GetClipCommand,
  GetHLSStreamingSessionURLCommand,
  GetMediaForFragmentListCommand,
  type KinesisVideoArchivedMediaClient,
  ListFragmentsCommand,
} from '@aws-sdk/client-kinesis-video-archived-media'
import { GetMediaCommand } from '@aws-sdk/client-kinesis-video-media'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { KVS_LIMITS } from '../../src/domain/limits.js'
import { nameOf } from '../../src/lib/thrown.js'
import { readWithMp4box } from '../support/mp4-packets.js'
import { contractFootage, FRAMES_IN_FRAGMENT } from './contract-footage.js'
import { type ContractSubject, openSubject } from './contract-subject.js'

const HOUR_MS = 3_600_000
// AWS accepts five fragments a second, and the longest upload here has 201.
if (process.env.KVS_REMOTE === '1') jest.setTimeout(300_000)
/** Producer time, in whole seconds, so that every client can express it. */
const T0 = Math.floor(Date.now() / 1000) * 1000 - HOUR_MS

let subject: ContractSubject
let short = { name: '', arn: '' }
let long = { name: '', arn: '' }
let clips: KinesisVideoArchivedMediaClient
let lists: KinesisVideoArchivedMediaClient

beforeAll(async () => {
  subject = await openSubject()
  short = await subject.createStream('short')
  long = await subject.createStream('long')
  clips = await subject.archived(short.name, 'GET_CLIP')
  lists = await subject.archived(short.name, 'LIST_FRAGMENTS')
  await subject.upload(short.name, contractFootage([0, 2000, 4000, 6000].map((ticks) => ({ ticks }))), T0)
  await subject.upload(long.name, contractFootage(Array.from({ length: 201 }, (_, index) => ({ ticks: index * 1000 }))), T0)
  await listedAll(long.name, 201)
})
afterAll(async () => {
  await subject?.[Symbol.asyncDispose]()
})

/** Fragments are listed some time after they are acknowledged. */
async function listedAll(StreamName: string, count: number): Promise<Fragment[]> {
  for (;;) {
    const { Fragments = [] } = await lists.send(
      new ListFragmentsCommand({ StreamName, MaxResults: 1000, FragmentSelector: range(0, HOUR_MS) }),
    )
    if (Fragments.length >= count) return Fragments.toSorted((a, b) => Number(a.ProducerTimestamp) - Number(b.ProducerTimestamp))
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

type SelectorType = 'PRODUCER_TIMESTAMP' | 'SERVER_TIMESTAMP'

function range(fromMs: number, toMs: number, FragmentSelectorType: SelectorType = 'PRODUCER_TIMESTAMP') {
  return { FragmentSelectorType, TimestampRange: { StartTimestamp: new Date(T0 + fromMs), EndTimestamp: new Date(T0 + toMs) } }
}

async function getClip(StreamName: string, ClipFragmentSelector: ReturnType<typeof range>): Promise<Uint8Array> {
  const { Payload } = await clips.send(new GetClipCommand({ StreamName, ClipFragmentSelector }))
  return (await Payload?.transformToByteArray()) ?? new Uint8Array(0)
}

/** The number of fragments in a clip. */
async function countFragments(streamName: string, fromMs: number, toMs: number): Promise<number> {
  const [video] = readWithMp4box(await getClip(streamName, range(fromMs, toMs)))
  return (video?.samples.length ?? 0) / FRAMES_IN_FRAGMENT
}

async function errorOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'none', nameOf)
}

/** Quota points are restored after a second. */
const afterQuota = () => new Promise((resolve) => setTimeout(resolve, 1100))

describe('the control plane', () => {
  test('describes a stream by name and by ARN, and lists it by its prefix', async () => {
    const { StreamInfo } = await subject.control.send(new DescribeStreamCommand({ StreamName: short.name }))
    expect(StreamInfo).toMatchObject({
      StreamName: short.name,
      StreamARN: short.arn,
      Status: 'ACTIVE',
      DataRetentionInHours: 1,
      Version: expect.stringMatching(/^[a-zA-Z0-9]{1,64}$/),
      KmsKeyId: expect.stringMatching(/alias\/aws\/kinesisvideo$/),
      CreationTime: expect.any(Date),
    })
    expect(short.arn).toMatch(
      new RegExp(`^arn:[a-z-]+:kinesisvideo:[a-z0-9-]+:\\d{12}:stream/${short.name}/${StreamInfo?.CreationTime?.getTime()}$`),
    )
    expect((await subject.control.send(new DescribeStreamCommand({ StreamARN: short.arn }))).StreamInfo).toEqual(StreamInfo)
    const StreamNameCondition = { ComparisonOperator: 'BEGINS_WITH', ComparisonValue: short.name } as const
    const { StreamInfoList } = await subject.control.send(new ListStreamsCommand({ StreamNameCondition }))
    expect(StreamInfoList).toEqual([StreamInfo])
  })

  test.each(['PUT_MEDIA', 'GET_MEDIA', 'LIST_FRAGMENTS', 'GET_CLIP', 'GET_MEDIA_FOR_FRAGMENT_LIST'] satisfies APIName[])(
    'names an endpoint without a path for %s',
    async (APIName) => {
      await afterQuota()
      const { DataEndpoint = '' } = await subject.control.send(new GetDataEndpointCommand({ StreamARN: short.arn, APIName }))
      expect(new URL(DataEndpoint).origin).toBe(DataEndpoint)
    },
  )

  test('creates a new version with each change, and refuses the old one', async () => {
    const { name, arn } = await subject.createStream('versions', 2)
    const versionOf = async () => {
      const { StreamInfo } = await subject.control.send(new DescribeStreamCommand({ StreamName: name }))
      return StreamInfo?.Version ?? ''
    }
    const first = await versionOf()
    await subject.control.send(new UpdateStreamCommand({ StreamName: name, CurrentVersion: first, MediaType: 'video/h264' }))
    const second = await versionOf()
    expect(second).not.toBe(first)
    const stale = new UpdateDataRetentionCommand({
      StreamName: name,
      CurrentVersion: first,
      Operation: 'INCREASE_DATA_RETENTION',
      DataRetentionChangeInHours: 1,
    })
    expect(await errorOf(subject.control.send(stale))).toBe('VersionMismatchException')
    expect(await errorOf(subject.control.send(new DeleteStreamCommand({ StreamARN: arn, CurrentVersion: first })))).toBe(
      'VersionMismatchException',
    )
    expect(await errorOf(subject.createStream('versions'))).toBe('ResourceInUseException')
  })

  test('overwrites existing tags, and ignores unknown keys when it removes tags', async () => {
    const StreamName = short.name
    await subject.control.send(new TagStreamCommand({ StreamName, Tags: { place: 'gate', floor: '1' } }))
    await subject.control.send(new TagStreamCommand({ StreamName, Tags: { place: 'yard' } }))
    await subject.control.send(new UntagStreamCommand({ StreamName, TagKeyList: ['floor', 'unknown'] }))
    expect((await subject.control.send(new ListTagsForStreamCommand({ StreamName }))).Tags).toEqual({ place: 'yard' })
  })
})

describe('fragments', () => {
  test('are listed with both timestamps, their length and their size, with numbers that grow in order of arrival', async () => {
    const fragments = await listedAll(short.name, 4)
    expect(fragments.map(({ ProducerTimestamp }) => Number(ProducerTimestamp) - T0)).toEqual([0, 2000, 4000, 6000])
    const numbers = fragments.map(({ FragmentNumber = '' }) => BigInt(FragmentNumber))
    expect(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0n))).toBe(true)
    for (const { FragmentLengthInMilliseconds, FragmentSizeInBytes, ServerTimestamp } of fragments) {
      expect(FragmentLengthInMilliseconds).toBe(960)
      expect(FragmentSizeInBytes).toBeGreaterThan(1000)
      expect(Math.abs(Number(ServerTimestamp) - Date.now())).toBeLessThan(HOUR_MS)
    }
  })

  test('are listed when they start in the range, both ends inclusive, and an empty range lists none', async () => {
    const list = async (fromMs: number, toMs: number) => {
      const { Fragments = [] } = await lists.send(
        new ListFragmentsCommand({ StreamName: short.name, FragmentSelector: range(fromMs, toMs) }),
      )
      return Fragments.map(({ ProducerTimestamp }) => Number(ProducerTimestamp) - T0).sort((a, b) => a - b)
    }
    expect(await list(1000, 4000)).toEqual([2000, 4000])
    expect(await list(2000, 2001)).toEqual([2000])
    expect(await list(2001, 3999)).toEqual([])
  })

  test('are listed page by page, each once', async () => {
    const numbers: (string | undefined)[] = []
    let NextToken: string | undefined
    do {
      const page = await lists.send(
        new ListFragmentsCommand({
          StreamName: short.name,
          MaxResults: 3,
          FragmentSelector: range(0, 60_000),
          ...(NextToken ? { NextToken } : {}),
        }),
      )
      numbers.push(...(page.Fragments ?? []).map(({ FragmentNumber }) => FragmentNumber))
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    expect([numbers.length, new Set(numbers).size]).toEqual([4, 4])
  })

  test('return their media by number, and as a live stream from the earliest on', async () => {
    const [first, second] = await listedAll(short.name, 4)
    const lister = await subject.archived(short.name, 'GET_MEDIA_FOR_FRAGMENT_LIST')
    const Fragments = [first?.FragmentNumber ?? '', second?.FragmentNumber ?? '']
    const { Payload } = await lister.send(new GetMediaForFragmentListCommand({ StreamName: short.name, Fragments }))
    const media = Buffer.from((await Payload?.transformToByteArray()) ?? [])
    expect(media.subarray(0, 4).toString('hex')).toBe('1a45dfa3')
    expect(Fragments.map((number) => media.includes(number))).toEqual([true, true])
    const reader = await subject.media(short.name)
    const live = await reader.send(new GetMediaCommand({ StreamName: short.name, StartSelector: { StartSelectorType: 'EARLIEST' } }))
    expect(live.ContentType).toBe('video/webm')
    await live.Payload?.transformToWebStream().cancel()
  })
})

describe('a clip', () => {
  test('is an MP4 of the fragments that start in the range, both ends inclusive, with the whole of the last fragment', async () => {
    expect(await countFragments(short.name, 0, 6000)).toBe(4)
    expect(await countFragments(short.name, 1, 6000)).toBe(3)
    expect(await countFragments(short.name, 2000, 5999)).toBe(2)
    expect(await countFragments(short.name, 500, 2500)).toBe(1)
  })

  test('contains each producer time once, from the oldest upload', async () => {
    const { name } = await subject.createStream('twice')
    for (const lengthMs of [960, 1500])
      await subject.upload(
        name,
        contractFootage([
          { ticks: 0, lengthMs },
          { ticks: 4000, lengthMs },
        ]),
        T0,
      )
    await listedAll(name, 4)
    const [video] = readWithMp4box(await getClip(name, range(0, 60_000)))
    expect(video?.samples).toHaveLength(2 * FRAMES_IN_FRAGMENT)
    const last = video?.samples[FRAMES_IN_FRAGMENT - 1]
    expect(Math.round(((last?.cts ?? 0) * 1000) / (last?.timescale ?? 1))).toBeLessThan(1200)
  })

  test.each([
    ['no fragment in the range', range(20_000, 30_000), 'ResourceNotFoundException'],
    ['a range back to front', range(6000, 0), 'InvalidArgumentException'],
    ['a range of no length', range(2000, 2000), 'InvalidArgumentException'],
    ['an end that is yet to come, by server time', range(0, 2 * HOUR_MS, 'SERVER_TIMESTAMP'), 'InvalidArgumentException'],
    ['a time before the stream was made, by server time', range(-HOUR_MS, 0, 'SERVER_TIMESTAMP'), 'InvalidArgumentException'],
  ])('is refused for %s', async (_, selector, error) => {
    expect(await errorOf(getClip(short.name, selector))).toBe(error)
  })
})

describe('errors', () => {
  test('for a missing stream are ResourceNotFoundException in every operation', async () => {
    const StreamName = subject.name('nowhere')
    const here = range(0, 1000)
    const calls = [
      subject.control.send(new DescribeStreamCommand({ StreamName })),
      subject.control.send(new GetDataEndpointCommand({ StreamName, APIName: 'GET_CLIP' })),
      subject.control.send(new ListTagsForStreamCommand({ StreamName })),
      clips.send(new GetClipCommand({ StreamName, ClipFragmentSelector: here })),
      lists.send(new ListFragmentsCommand({ StreamName, FragmentSelector: here })),
      clips.send(new GetHLSStreamingSessionURLCommand({ StreamName })),
    ]
    expect(await Promise.all(calls.map(errorOf))).toEqual(calls.map(() => 'ResourceNotFoundException'))
  })

  test('for invalid names are InvalidArgumentException', async () => {
    expect(await errorOf(subject.control.send(new DescribeStreamCommand({ StreamName: 'a b' })))).toBe('InvalidArgumentException')
    expect(await errorOf(subject.control.send(new DescribeStreamCommand({})))).toBe('InvalidArgumentException')
  })

  test('for a stream without retention are NoDataRetentionException', async () => {
    const { name } = await subject.createStream('kept-nowhere', 0)
    expect(await errorOf(getClip(name, range(0, 1000)))).toBe('NoDataRetentionException')
  })

  test('for an unknown fragment number are InvalidArgumentException', async () => {
    const lister = await subject.archived(short.name, 'GET_MEDIA_FOR_FRAGMENT_LIST')
    const command = new GetMediaForFragmentListCommand({ StreamName: short.name, Fragments: ['1'] })
    expect(await errorOf(lister.send(command))).toBe('InvalidArgumentException')
  })
})

describe('the limits that the gateway relies on', () => {
  test(`a clip has at most ${KVS_LIMITS.maxFragmentsPerGetClip} fragments`, async () => {
    await afterQuota()
    expect(await countFragments(long.name, 0, HOUR_MS)).toBe(KVS_LIMITS.maxFragmentsPerGetClip)
  })

  test(`a stream has ${KVS_LIMITS.mediaPointsPerSecond} media points a second, and a clip costs its fragments`, async () => {
    const clipsASecond = Math.floor(KVS_LIMITS.mediaPointsPerSecond / KVS_LIMITS.maxFragmentsPerGetClip)
    await afterQuota()
    const asked = Array.from({ length: 2 * clipsASecond + 1 }, () => errorOf(getClip(long.name, range(0, HOUR_MS))))
    const outcomes = await Promise.all(asked)
    expect(outcomes.filter((outcome) => outcome === 'none').length).toBeGreaterThanOrEqual(clipsASecond)
    expect(new Set(outcomes)).toEqual(new Set(['none', 'ClientLimitExceededException']))
  })

  test(`a page lists at most ${KVS_LIMITS.maxFragmentsPerPage} fragments`, async () => {
    const list = (MaxResults: number) =>
      errorOf(lists.send(new ListFragmentsCommand({ StreamName: short.name, MaxResults, FragmentSelector: range(0, 1000) })))
    expect(await list(KVS_LIMITS.maxFragmentsPerPage)).toBe('none')
    expect(await list(KVS_LIMITS.maxFragmentsPerPage + 1)).toBe('InvalidArgumentException')
  })

  test(`a stream has ${KVS_LIMITS.metadataPointsPerSecond} metadata points a second, and a list costs its requested page size`, async () => {
    const pages = KVS_LIMITS.metadataPointsPerSecond / KVS_LIMITS.maxFragmentsPerPage
    await afterQuota()
    const asked = Array.from({ length: 3 * pages }, () =>
      errorOf(lists.send(new ListFragmentsCommand({ StreamName: short.name, MaxResults: 1000, FragmentSelector: range(0, 1000) }))),
    )
    const outcomes = await Promise.all(asked)
    expect(outcomes.filter((outcome) => outcome === 'none').length).toBeGreaterThanOrEqual(pages)
    expect(new Set(outcomes)).toEqual(new Set(['none', 'ClientLimitExceededException']))
  })

  test(`a clip spans at most ${KVS_LIMITS.maxRangeHours} hours`, async () => {
    await afterQuota()
    const spanMs = KVS_LIMITS.maxRangeHours * HOUR_MS
    expect(await errorOf(getClip(short.name, range(-1000, spanMs - 1000)))).toBe('none')
    expect(await errorOf(getClip(short.name, range(-1000, spanMs)))).toBe('InvalidArgumentException')
  })

  test(`a fragment lasts at most ${KVS_LIMITS.maxFragmentMs} ms`, async () => {
    const { name } = await subject.createStream('lasting')
    const acks = await subject.upload(
      name,
      contractFootage([
        { ticks: 0, lengthMs: KVS_LIMITS.maxFragmentMs - 100 },
        { ticks: 30_000, lengthMs: KVS_LIMITS.maxFragmentMs + 1000 },
        { ticks: 60_000 },
      ]),
      T0,
    )
    expect(acks.filter(({ eventType }) => eventType === 'PERSISTED')).toHaveLength(1)
    expect(acks.find(({ eventType }) => eventType === 'ERROR')).toMatchObject({ errorId: 4002, fragmentTimecodeMs: 30_000 })
  })

  test(`a clip has at most ${KVS_LIMITS.maxBytesPerGetClip} bytes, however much footage the range has`, async () => {
    const { name } = await subject.createStream('large')
    const fragments = [0, 1000, 2000].map((ticks) => ({ ticks, fillerBytes: 40_000_000 }))
    await subject.upload(name, contractFootage(fragments), T0)
    await listedAll(name, 3)
    const clip = await getClip(name, range(0, 60_000))
    expect(clip.byteLength).toBeLessThanOrEqual(KVS_LIMITS.maxBytesPerGetClip)
    expect(readWithMp4box(clip)[0]?.samples).toHaveLength(2 * FRAMES_IN_FRAGMENT)
  })
})

describe('an HLS session', () => {
  test('is a URL that returns a playlist without a signature', async () => {
    const sessions = await subject.archived(short.name, 'GET_HLS_STREAMING_SESSION_URL')
    const { HLSStreamingSessionURL = '' } = await sessions.send(
      new GetHLSStreamingSessionURLCommand({ StreamName: short.name, PlaybackMode: 'ON_DEMAND', HLSFragmentSelector: range(0, 60_000) }),
    )
    const answer = await fetch(HLSStreamingSessionURL)
    expect([answer.status, (await answer.text()).slice(0, 7)]).toEqual([200, '#EXTM3U'])
  })
})
