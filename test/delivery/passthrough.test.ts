import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { DiskPartStore } from '../../src/delivery/parts/disk-part-store.js'
import type { PartStore } from '../../src/delivery/ports.js'
import { downloadClip, getClip, whenEnded } from '../support/clip-calls.js'
import { until } from '../support/clip-client.js'
import { askFor, type ClipHarness, startClipHarness, startFootage, tokenOf } from '../support/clip-harness.js'
import { footage, recording } from '../support/footage.js'
import { enoughTime } from '../support/kvs-for-test.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'
import { collect } from '../support/part-bodies.js'
import { createSpoiler, type SpoiltClips, withUnknownBox } from '../support/spoilt-clips.js'

const HOUR = 3_600_000

let server: KvsTestServer
let spoiler: SpoiltClips
let harness: ClipHarness
let folder: string
let parts: DiskPartStore
/** How often a part was requested from the store. */
let opens: number
/** The bytes that Kinesis Video has sent. */
let sent: Buffer

beforeEach(async () => {
  server = await startFootage([recording([footage(0), footage(1000)])])
  spoiler = createSpoiler(server.url)
  folder = await mkdtemp(join(tmpdir(), 'clipgate-passthrough-'))
  parts = await DiskPartStore.open({ folder, capBytes: 1e9 })
  opens = 0
  const store: PartStore = {
    sizeBytes: 0,
    has: (key) => parts.has(key),
    discard: (key) => parts.discard(key),
    open: (key, fetch, signal) => {
      opens += 1
      return parts.open(key, fetch, signal)
    },
  }
  harness = await startClipHarness(server.url, { clips: spoiler.clips, store })
  spoiler.spoil = async function* (bytes) {
    sent = await withUnknownBox(bytes)
    yield sent
  }
})
afterEach(async () => {
  jest.useRealTimers()
  await harness[Symbol.asyncDispose]()
  await parts.close()
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

describe('a response that is not understood', () => {
  test('is passed through unchanged', async () => {
    const clip = await getClip(harness)
    expect(clip.form).toBe('PASSTHROUGH')
    const ready = await whenEnded(harness, clip)
    expect(ready).toMatchObject({
      state: 'READY',
      form: 'PASSTHROUGH',
      sizeBytes: sent.byteLength,
      etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
    })
    expect(Buffer.compare(await downloadClip(harness, clip), sent)).toBe(0)
  })

  test('has its length, its tag and its ranges on the first request after it is READY', async () => {
    const ready = await whenEnded(harness, await getClip(harness))
    const content = await harness.clips.open(tokenOf(ready), enoughTime())
    expect(content).toMatchObject({ form: 'PASSTHROUGH', identity: { sizeBytes: sent.byteLength, etag: ready.etag } })
    const span = await collect(content.read({ start: 10, end: 20 }, enoughTime()))
    content.release()
    expect(span.equals(sent.subarray(10, 20))).toBe(true)
  })

  test('can have its head arrive at any moment while a request waits', async () => {
    const head = Promise.withResolvers<void>()
    spoiler.spoil = async function* (bytes) {
      sent = await withUnknownBox(bytes)
      yield sent.subarray(0, 20)
      await head.promise
      yield sent.subarray(20)
    }
    const clip = await getClip(harness)
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] })
    const opening = harness.clips.open(tokenOf(clip), new AbortController().signal)
    await jest.advanceTimersByTimeAsync(28_000)
    jest.useRealTimers()
    head.resolve()
    const content = await opening
    expect(content.form).toBe('PASSTHROUGH')
    expect((await collect(content.read('all', enoughTime()))).equals(sent)).toBe(true)
    content.release()
  })

  test('cannot be cut exactly', async () => {
    await whenEnded(harness, await getClip(harness))
    const exact = await harness.clips.request(askFor(100, HOUR, { cut: 'EXACT' }), enoughTime())
    expect(exact.issues[0]).toMatchObject({
      code: 'JOIN_NOT_POSSIBLE',
      message: expect.stringContaining('cannot be cut exactly'),
      ranges: [],
    })
  })

  test('fails an exact cut, and is passed through to a concurrent request for whole fragments', async () => {
    const both = Promise.withResolvers<void>()
    spoiler.spoil = async function* (bytes) {
      sent = await withUnknownBox(bytes)
      yield sent.subarray(0, 20)
      await both.promise
      yield sent.subarray(20)
    }
    const exact = harness.clips.request(askFor(0, HOUR, { cut: 'EXACT' }), enoughTime())
    // Each clip opens its own edges. They share the part.
    await until(() => opens === 2)
    const clip = harness.clips.request(askFor(0, HOUR), enoughTime())
    await until(() => opens === 3)
    both.resolve()
    expect((await exact).issues[0]).toMatchObject({ code: 'JOIN_NOT_POSSIBLE' })
    const { clip: passed, issues } = await clip
    expect(issues.filter(({ severity }) => severity === 'ERROR')).toEqual([])
    expect(passed?.form).toBe('PASSTHROUGH')
    if (passed) expect(await whenEnded(harness, passed)).toMatchObject({ state: 'READY', form: 'PASSTHROUGH' })
  })
})
