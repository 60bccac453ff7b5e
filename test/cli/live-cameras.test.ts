import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Logger, pino } from 'pino'
import { type LiveCameras, startLiveCameras } from '../../src/cli/live-cameras.js'
import { type DemoStream, fillArchive } from '../../src/kvs-server/demo/fill-archive.js'
import { eventually } from '../support/eventually.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'

/** As long as a filling and a start may take. */
const START_MS = 9_000
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
  return archive.findNewest(streams.get({ name: streamName, arn: null }))?.producerTimestampMs ?? 0
}

describe('the live camera', () => {
  test('films the one stream that is to be live', () => {
    expect(newestOf('car-park')).toBeLessThan(filledAtMs)
    expect(newestOf('loading-dock')).toBeLessThan(filledAtMs)
  })

  test('ends when its stream is deleted, says so once, and leaves the next stream of that name to its owner', async () => {
    const { archive, streams } = kvs.server
    await using cameras = start()
    const startedMs = Date.now()
    await eventually(() => expect(newestOf('front-door')).toBeGreaterThan(startedMs))
    streams.delete(streams.get({ name: 'front-door', arn: null }))
    const own = streams.create({ name: 'front-door', dataRetentionInHours: 24 })
    await cameras.ended
    expect(logged.map(({ msg }) => msg)).toEqual(['the stream of the demo camera is gone; the camera ends'])
    expect(archive.findNewest(own)).toBeNull()
    expect(archive.claimProducer(own.id)).toEqual(expect.any(Function))
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
