import { randomFillSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetClipCommand, KinesisVideoArchivedMediaClient } from '@aws-sdk/client-kinesis-video-archived-media'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { unsyncedFileSystem } from '../../src/kvs-server/archive/file-system.js'
import { openTestArchive, SetClock, type TestArchive } from '../support/archive-for-test.js'
import { footage, frame, header } from '../support/footage.js'
import { startTestGateway, type TestGateway } from '../support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer, TEST_CREDENTIALS } from '../support/kvs-test-server.js'
import { cluster, simpleBlock } from '../support/mkv-builder.js'
import { readTables } from '../support/mp4-readers.js'

// The edge cases in the GetClip section of the facts. The SDK sends them to the embedded server, and a GraphQL client to a gateway over it.
// The footage is hours old by the clock of the server, so the archive is filled before a server opens it.

const HOUR_MS = 3_600_000
const T0 = Math.floor(Date.now() / 1000) * 1000 - 2 * HOUR_MS
/** Where the footage of the camera continues after the gap. */
const T1 = T0 + 600_000
/** Three fragments are less than 100 MB, four are more than 100 MiB. */
const BIG_BYTES = 27_000_000

let dataDir = ''
let kvs: KvsTestServer
let gateway: TestGateway
let media: KinesisVideoArchivedMediaClient

interface Row {
  readonly atMs: number
  readonly bytes: Uint8Array
}

/** One upload whose fragments arrive at the times that they carry, so that both clocks agree. */
async function fill({ archive, name, rows }: { archive: TestArchive; name: string; rows: readonly Row[] }): Promise<void> {
  archive.clock.at = T0 - HOUR_MS
  const stream = archive.createStream(name)
  archive.clock.at = rows[0]?.atMs ?? T0
  const upload = archive.session(stream, [], null)
  await upload.receive(header())
  for (const { atMs, bytes } of rows) {
    archive.clock.at = atMs
    await upload.receive(bytes)
  }
  await upload.finish()
}

function twoSeconds(atMs: number): Row {
  return { atMs, bytes: footage(atMs, { frames: 5, frameMs: 400 }) }
}

function bigFragment(atMs: number): Row {
  const payload = frame(BIG_BYTES)
  randomFillSync(payload, 5)
  return { atMs, bytes: cluster(atMs, [simpleBlock({ track: 1, time: 0, isKey: true, payload })]) }
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'clipgate-edges-'))
  {
    await using archive = await openTestArchive({ dataDir, clock: new SetClock(T0), fileSystem: unsyncedFileSystem })
    const starts = [0, 2000, 4000, 6000, 8000]
    const camera = [...starts.map((ms) => T0 + ms), ...starts.map((ms) => T1 + ms)].map(twoSeconds)
    await fill({ archive, name: 'camera', rows: camera })
    const many = Array.from({ length: 201 }, (_, index) => T0 + 100 * index)
    await fill({ archive, name: 'many', rows: many.map((atMs) => ({ atMs, bytes: footage(atMs, { frames: 2, frameMs: 50 }) })) })
    await fill({ archive, name: 'big', rows: starts.slice(0, 4).map((ms) => bigFragment(T0 + ms)) })
  }
  kvs = await startKvsTestServer({ dataDir })
  gateway = await startTestGateway(kvs)
  media = new KinesisVideoArchivedMediaClient({ endpoint: kvs.url, region: 'us-east-1', credentials: TEST_CREDENTIALS, maxAttempts: 1 })
})
afterAll(async () => {
  media?.destroy()
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

type SelectorType = 'SERVER_TIMESTAMP' | 'PRODUCER_TIMESTAMP'

interface Asked {
  readonly streamName: string
  readonly startMs: number
  readonly endMs: number
  readonly selector?: SelectorType
}

/** What the SDK gets: a clip or an error. */
async function askServer({ streamName, startMs, endMs, selector = 'SERVER_TIMESTAMP' }: Asked) {
  const TimestampRange = { StartTimestamp: new Date(startMs), EndTimestamp: new Date(endMs) }
  const command = new GetClipCommand({
    StreamName: streamName,
    ClipFragmentSelector: { FragmentSelectorType: selector, TimestampRange },
  })
  try {
    const { Payload, ContentType } = await media.send(command)
    return { type: ContentType, ...shown((await Payload?.transformToByteArray()) ?? new Uint8Array(0)) }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const metadata: unknown = Reflect.get(error, '$metadata')
    const status: unknown = metadata instanceof Object ? Reflect.get(metadata, 'httpStatusCode') : undefined
    return { refused: error.name, status, message: error.message }
  }
}

interface Answer {
  readonly clip: { readonly downloadUrl: string; readonly truncated: boolean; readonly fragmentCount: number } | null
  readonly issues: readonly { readonly code: string; readonly severity: string; readonly ranges: readonly object[] }[]
}

const REQUEST = `mutation ($input: ClipInput!) { requestClip(input: $input) {
  clip { downloadUrl truncated fragmentCount }
  issues { code severity ranges { startTimestamp endTimestamp } }
} }`

/** What a client of the gateway gets: a clip or the codes of the issues. */
async function askGateway({ streamName, startMs, endMs, selector = 'SERVER_TIMESTAMP' }: Asked, overflow = 'TRUNCATE') {
  const times = { startTimestamp: new Date(startMs).toISOString(), endTimestamp: new Date(endMs).toISOString() }
  const { data, errors } = await gateway.ask(REQUEST, { input: { streamName, ...times, fragmentSelectorType: selector, overflow } })
  expect(errors).toBeUndefined()
  const { requestClip }: { requestClip: Answer } = JSON.parse(JSON.stringify(data))
  const codes = requestClip.issues.map(({ code }) => code)
  const ranges = requestClip.issues.flatMap((issue) => issue.ranges)
  if (requestClip.clip === null) return { refused: codes, ranges }
  const { downloadUrl, truncated, fragmentCount } = requestClip.clip
  const file = new Uint8Array(await (await fetch(downloadUrl)).arrayBuffer())
  return { codes, truncated, fragmentCount, ...shown(file) }
}

/** Every fragment begins with its only key frame. */
function shown(file: Uint8Array) {
  const samples = readTables(file)[0]?.samples ?? []
  return { fragments: samples.filter(({ isKey }) => isKey).length, frames: samples.map(({ md5 }) => md5) }
}

const BOTH: readonly SelectorType[] = ['SERVER_TIMESTAMP', 'PRODUCER_TIMESTAMP']

describe.each(BOTH)('by %s, a clip whose range', (selector) => {
  test('starts inside a fragment excludes that fragment', async () => {
    const asked = { streamName: 'camera', startMs: T0 + 1, endMs: T0 + 4000, selector }
    const server = await askServer(asked)
    expect(server).toMatchObject({ type: 'video/mp4', fragments: 2 })
    expect(await askGateway(asked)).toMatchObject({
      fragments: 2,
      fragmentCount: 2,
      truncated: false,
      codes: expect.arrayContaining(['START_INSIDE_FRAGMENT']),
      frames: 'frames' in server ? server.frames : [],
    })
  })

  test('ends inside a fragment includes all of it, and both ends of the range are inclusive', async () => {
    const asked = { streamName: 'camera', startMs: T0, endMs: T0 + 4001, selector }
    const server = await askServer(asked)
    expect(server).toMatchObject({ fragments: 3 })
    expect(await askServer({ ...asked, endMs: T0 + 4000 })).toEqual(server)
    expect(await askServer({ ...asked, endMs: T0 + 3999 })).toMatchObject({ fragments: 2 })
    expect(await askGateway(asked)).toMatchObject({
      fragments: 3,
      truncated: false,
      codes: ['END_INSIDE_FRAGMENT'],
      frames: 'frames' in server ? server.frames : [],
    })
  })

  test('lies in a gap is refused as having no footage', async () => {
    const asked = { streamName: 'camera', startMs: T0 + 60_000, endMs: T0 + 120_000, selector }
    expect(await askServer(asked)).toEqual({
      refused: 'ResourceNotFoundException',
      status: 404,
      message: 'No fragments found in the stream for the clip request.',
    })
    expect(await askGateway(asked)).toMatchObject({ refused: ['NO_FRAGMENTS'] })
  })

  test('spans a gap contains the footage on both sides of it', async () => {
    const asked = { streamName: 'camera', startMs: T0 + 8000, endMs: T1, selector }
    expect(await askServer(asked)).toMatchObject({ fragments: 2 })
    expect(await askGateway(asked)).toMatchObject({ fragments: 2, codes: expect.arrayContaining(['GAP_IN_RANGE']) })
  })
})

describe('a clip in the future', () => {
  const soon = Date.now() + HOUR_MS

  test('is refused by server time, also when only part of it is in the future', async () => {
    for (const startMs of [T0, soon - 1000]) {
      const asked = { streamName: 'camera', startMs, endMs: soon }
      expect(await askServer(asked)).toMatchObject({ refused: 'InvalidArgumentException', status: 400 })
      expect(await askGateway(asked)).toMatchObject({ refused: ['END_IN_FUTURE'] })
    }
  })

  test('is treated as missing footage by producer time', async () => {
    const asked = { streamName: 'camera', startMs: soon - 1000, endMs: soon, selector: 'PRODUCER_TIMESTAMP' } as const
    expect(await askServer(asked)).toMatchObject({ refused: 'ResourceNotFoundException', status: 404 })
    expect(await askGateway(asked)).toMatchObject({ refused: ['FOOTAGE_NOT_YET_LISTED'] })
    const inPart = { ...asked, startMs: T1 }
    expect(await askServer(inPart)).toMatchObject({ fragments: 5 })
    expect(await askGateway(inPart)).toMatchObject({ fragments: 5 })
  })
})

describe('a clip older than the retention period', () => {
  const old = Date.now() - 30 * HOUR_MS

  test('is outside the retention period by server time', async () => {
    const asked = { streamName: 'camera', startMs: old, endMs: old + 60_000 }
    expect(await askServer(asked)).toEqual({
      refused: 'InvalidArgumentException',
      status: 400,
      message: `End timestamp ${old + 60_000} is outside of the stream retention period.`,
    })
    expect(await askGateway(asked)).toMatchObject({ refused: ['END_BEFORE_RETENTION'] })
  })

  test('is refused when only its start is before the oldest footage of the stream', async () => {
    const asked = { streamName: 'camera', startMs: T0 - 2 * HOUR_MS, endMs: T0 + 8000 }
    expect(await askServer(asked)).toMatchObject({ refused: 'InvalidArgumentException', status: 400 })
    expect(await askGateway(asked)).toMatchObject({ refused: ['START_BEFORE_RETENTION'] })
  })

  test('is accepted when it starts exactly at Stream.retainedFrom', async () => {
    const { data } = await gateway.ask('{ stream(name: "camera") { retainedFrom } }')
    const { stream }: { stream: { retainedFrom: string } } = JSON.parse(JSON.stringify(data))
    const asked = { streamName: 'camera', startMs: Date.parse(stream.retainedFrom), endMs: T0 + 2000 }
    expect(await askServer(asked)).toMatchObject({ fragments: 2 })
    expect(await askGateway(asked)).toMatchObject({ fragments: 2 })
  })

  test('is treated as missing footage by producer time', async () => {
    const asked = { streamName: 'camera', startMs: old, endMs: old + 60_000, selector: 'PRODUCER_TIMESTAMP' } as const
    expect(await askServer(asked)).toMatchObject({
      refused: 'ResourceNotFoundException',
      message: 'No fragments found in the stream for the clip request.',
    })
    expect(await askGateway(asked)).toMatchObject({ refused: ['NO_FRAGMENTS'] })
  })
})

describe.each([
  { what: '201 fragments', streamName: 'many', all: 201, given: 200, code: 'FRAGMENT_LIMIT_EXCEEDED' },
  { what: 'more than 100 MB', streamName: 'big', all: 4, given: 3, code: 'SIZE_LIMIT_EXCEEDED' },
])('a clip of $what', ({ streamName, all, given, code }) => {
  const asked = { streamName, startMs: T0, endMs: T0 + 60_000 }

  test('is silently truncated by the server, and truncated with an issue by the gateway', async () => {
    const server = await askServer(asked)
    expect(server).toMatchObject({ type: 'video/mp4', fragments: given })
    expect(await askGateway(asked)).toMatchObject({
      fragments: given,
      fragmentCount: given,
      truncated: true,
      codes: expect.arrayContaining([code]),
      frames: 'frames' in server ? server.frames : [],
    })
  })

  test('is refused by the gateway with overflow REFUSE, with ranges that can be requested', async () => {
    expect(await askGateway(asked, 'REFUSE')).toMatchObject({
      refused: expect.arrayContaining([code]),
      ranges: expect.arrayContaining([expect.anything()]),
    })
  })

  test('is complete when the gateway joins it', async () => {
    const joined = await askGateway(asked, 'JOIN')
    expect(joined).toMatchObject({ fragments: all, fragmentCount: all, truncated: false })
    expect(joined).toMatchObject({ codes: expect.not.arrayContaining([code]) })
  })
})
