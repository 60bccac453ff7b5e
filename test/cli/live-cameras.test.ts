import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Logger, pino } from 'pino'
import { type LiveCameras, startLiveCameras } from '../../src/cli/live-cameras.js'
import { type DemoStream, fillArchive } from '../../src/kvs-server/demo/fill-archive.js'
import { getStream } from '../../src/kvs-server/operations/stream-checks.js'
import { eventually } from '../support/eventually.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'

/** As long as a filling and a start may take. */
const START_MS = 9_000
/** More than a second without footage is a gap to the gateway; a fragment has two seconds and the frame after them. */
const LONGEST_STEP_MS = 3_000

interface Log {
  readonly msg: string
  readonly level: number
}

let dataDir: string
let demoStreams: readonly DemoStream[]
let filledAtMs: number
let kvs: KvsTestServer
let logged: Log[]

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'clipgate-live-'))
  filledAtMs = Date.now() - START_MS
  demoStreams = (await fillArchive({ dataDir, nowMs: filledAtMs })).streams
  kvs = await startKvsTestServer({ dataDir })
})
afterAll(async () => {
  await kvs?.[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

function createLog(): Logger {
  logged = []
  const lines = new Writable({
    write(line, _encoding, done) {
      logged.push(JSON.parse(String(line)))
      done()
    },
  })
  return pino({ level: 'info' }, lines)
}

function start(): LiveCameras {
  const target = { backend: 'embedded', endpoint: kvs.url, accessKey: null } as const
  return startLiveCameras({ target, server: kvs.server, demoStreams, logger: createLog() })
}

function newestOf(streamName: string): number {
  const { archive, streams } = kvs.server
  return archive.findNewest(getStream(streams, { name: streamName, arn: null }))?.producerTimestampMs ?? 0
}

function stepsOf(streamName: string, clock: 'producer' | 'server'): number[] {
  const { archive, streams } = kvs.server
  const stream = getStream(streams, { name: streamName, arn: null })
  const fragments = archive.list(stream, { clock, startMs: filledAtMs - 60_000, endMs: Date.now() + 60_000 }, { limit: 1000 })
  const starts = fragments.map((fragment) => (clock === 'producer' ? fragment.producerTimestampMs : fragment.serverTimestampMs))
  return starts.slice(1).map((at, index) => at - (starts[index] ?? 0))
}

describe('the live camera', () => {
  test('goes on where the filling ended, and where it stopped itself, without a hole on either clock', async () => {
    for (let startCount = 0; startCount < 2; startCount += 1) {
      await using _cameras = start()
      const startedMs = Date.now()
      // Two fragments that were sent while they were filmed.
      await eventually(() => expect(newestOf('front-door')).toBeGreaterThan(startedMs + 2_000))
    }
    for (const clock of ['producer', 'server'] as const) {
      const steps = stepsOf('front-door', clock)
      expect(Math.max(...steps)).toBeLessThan(LONGEST_STEP_MS)
      expect(Math.min(...steps)).toBeGreaterThan(0)
    }
    expect(logged).toEqual([])
  })

  test('films the one stream that is to be live', () => {
    expect(newestOf('car-park')).toBeLessThan(filledAtMs)
    expect(newestOf('loading-dock')).toBeLessThan(filledAtMs)
  })

  test('ends when its stream is deleted, says so once, and leaves the next stream of that name to its owner', async () => {
    const { archive, streams } = kvs.server
    await using cameras = start()
    const startedMs = Date.now()
    await eventually(() => expect(newestOf('front-door')).toBeGreaterThan(startedMs))
    streams.delete(getStream(streams, { name: 'front-door', arn: null }))
    const own = streams.create({ name: 'front-door', dataRetentionInHours: 24 })
    if (own === null) throw new Error('front-door exists already')
    await cameras.ended
    expect(logged.map(({ msg }) => msg)).toEqual(['the stream of the demo camera is gone; the camera ends'])
    expect(archive.findNewest(own)).toBeNull()
    expect(archive.writer.claimProducer(own.id)).toEqual(expect.any(Function))
  })

  test('films nothing where the demo has no stream', async () => {
    await using cameras = startLiveCameras({
      target: { backend: 'embedded', endpoint: kvs.url, accessKey: null },
      server: kvs.server,
      demoStreams: [],
      logger: createLog(),
    })
    await cameras.ended
    expect(logged).toEqual([])
  })
})
