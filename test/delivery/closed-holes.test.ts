import { CreateStreamCommand } from '@aws-sdk/client-kinesis-video'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createKvs, type Kvs } from '../../src/kvs/kvs.js'
import { getClip, whenEnded } from '../support/clip-calls.js'
import { askFor, type ClipHarness, START, startClipHarness, startFootage } from '../support/clip-harness.js'
import { footage, recording } from '../support/footage.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'
import { upload } from '../support/producer.js'

// It is not documented whether Kinesis Video keeps holes in producer time. The embedded server does. Here the responses are those of a
// stream that has the same fragments without the hole.

const CLOSED = 'closed'
const COUNT = 100

describe('a clip whose hole was closed by Kinesis Video', () => {
  let server: KvsTestServer
  let kvs: Kvs
  let harness: ClipHarness
  beforeAll(async () => {
    const startsMs = Array.from({ length: COUNT }, (_, index) => index * 1000 + (index >= 5 ? 60_000 : 0))
    server = await startFootage([recording(startsMs.map((startMs) => footage(startMs)))])
    const { StreamARN: streamArn = '' } = await server.control.send(
      new CreateStreamCommand({ StreamName: CLOSED, DataRetentionInHours: 24 }),
    )
    const without = Array.from({ length: COUNT }, (_, index) => footage(index * 1000))
    await upload(server.url, recording(without), { stream: CLOSED, start: String(START / 1000) })
    kvs = createKvs({ target: { backend: 'embedded', endpoint: server.url, accessKey: null }, isPaced: false })
    const clips = {
      getClip: (request: Parameters<Kvs['clips']['getClip']>[0], signal: AbortSignal) => {
        const [startMs, endMs] = [request.range.startMs, request.range.endMs].map((instantMs) =>
          instantMs < START + 5000 ? instantMs : instantMs - 60_000,
        )
        return kvs.clips.getClip({ ...request, streamArn, range: { startMs: startMs ?? 0, endMs: endMs ?? 0 } }, signal)
      },
    }
    harness = await startClipHarness(server.url, { clips })
  })
  afterAll(async () => {
    await harness[Symbol.asyncDispose]()
    kvs.close()
    await server[Symbol.asyncDispose]()
  })

  test('has a timeline that says when each span plays', async () => {
    const ready = await whenEnded(harness, await getClip(harness))
    expect(ready).toMatchObject({ state: 'READY', durationMs: COUNT * 1000 })
    expect(ready.timeline.map(({ mediaStartMs, range }) => [mediaStartMs, range.startMs - START])).toEqual([
      [0, 0],
      [5000, 65_000],
    ])
  })

  test('is cut exactly', async () => {
    const ready = await whenEnded(harness, await getClip(harness, askFor(2300, 70_300, { cut: 'EXACT' })))
    expect(ready).toMatchObject({ state: 'READY', delivered: { startMs: START + 2400, endMs: START + 70_400 }, durationMs: 8000 })
    expect(ready.timeline.map(({ mediaStartMs, range }) => [mediaStartMs, range.startMs - START])).toEqual([
      [0, 2400],
      [2600, 65_000],
    ])
  })
})
