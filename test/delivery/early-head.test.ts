import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createKvs, type Kvs } from '../../src/kvs/kvs.js'
import type { FragmentMediaSource } from '../../src/kvs/ports.js'
import { getClip, whenEnded } from '../support/clip-calls.js'
import { until } from '../support/clip-client.js'
import { askFor, readContent, startClipHarness, startFootage, tokenOf } from '../support/clip-harness.js'
import { recording, variedFootage } from '../support/footage.js'
import { enoughTime } from '../support/kvs-for-test.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'
import { collect } from '../support/part-bodies.js'

const FRAGMENTS = 4
const everything = askFor(0, 3_600_000)

let server: KvsTestServer
let kvs: Kvs
beforeAll(async () => {
  const clusters = Array.from({ length: FRAGMENTS }, (_, index) => variedFootage(1000 * index, { bytes: 20_000 }))
  server = await startFootage([recording(clusters)])
  kvs = createKvs({ target: { backend: 'embedded', endpoint: server.url, accessKey: null }, isPaced: false })
})
afterAll(async () => {
  kvs.close()
  await server[Symbol.asyncDispose]()
})

/** Sends the first frames of the first fragment, and the rest when `finish` is called. */
function slowMedia(): { readonly media: FragmentMediaSource; readonly finish: (error?: Error) => void } {
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>()
  finished.catch(() => null)
  async function* slowly(whole: Buffer) {
    yield whole.subarray(0, 60_000)
    await finished
    yield whole.subarray(60_000)
  }
  const media: FragmentMediaSource = {
    getMedia: async (streamArn, numbers, signal) => slowly(await collect(await kvs.fragmentMedia.getMedia(streamArn, numbers, signal))),
  }
  return { media, finish: (error) => (error === undefined ? resolve() : reject(error)) }
}

describe('a clip of whole fragments, while its last fragment is still being read', () => {
  test('serves its head and all its media except the end', async () => {
    const { media, finish } = slowMedia()
    await using harness = await startClipHarness(server.url, { media })
    const clip = await getClip(harness, everything)
    expect(clip).toMatchObject({ state: 'FETCHING', form: 'REBUILT', etag: expect.any(String) })
    const content = await harness.clips.open(tokenOf(clip), enoughTime())
    const { sizeBytes, etag } = await content.whenIdentified(enoughTime())
    const begun = await collect(content.read({ start: 0, end: 1000 }, enoughTime()))
    const last = collect(content.read({ start: sizeBytes - 1, end: sizeBytes }, enoughTime()))
    expect(await Promise.race([last, begun])).toBe(begun)
    finish()
    expect(await last).toHaveLength(1)
    const file = await readContent(content, enoughTime())
    expect(Buffer.compare(file.subarray(0, 1000), begun)).toBe(0)
    expect(await whenEnded(harness, clip)).toMatchObject({ state: 'READY', sizeBytes, etag })

    await using other = await startClipHarness(server.url)
    expect(await whenEnded(other, await getClip(other, everything))).toMatchObject({ state: 'READY', sizeBytes, etag })
  })

  test('fails when a fragment turns out to be missing: no reader gets to its end, and it is not stored', async () => {
    const { media, finish } = slowMedia()
    await using harness = await startClipHarness(server.url, {
      media,
      clips: {
        getClip: ({ range, ...request }, signal) =>
          kvs.clips.getClip({ ...request, range: { startMs: range.startMs, endMs: range.endMs - 1000 } }, signal),
      },
    })
    const clip = await getClip(harness, everything)
    expect(clip).toMatchObject({ state: 'FETCHING', etag: expect.any(String) })
    const reading = readContent(await harness.clips.open(tokenOf(clip), enoughTime()), enoughTime())
    finish()
    await expect(reading).rejects.toMatchObject({ name: 'ClipUnavailable', reason: 'FOOTAGE_EXPIRED' })
    expect(await harness.clips.find(clip.id, enoughTime())).toMatchObject({ state: 'FAILED', failure: { code: 'FOOTAGE_EXPIRED' } })
    const names = async () => (await readdir(harness.storeDir)).filter((name) => name.endsWith('.tmp'))
    await until(async () => (await names()).length === 0)
    // Only the edges are stored.
    expect(await readdir(harness.storeDir)).toHaveLength(1)
  })

  test('fails when the last fragment cannot be read', async () => {
    const { media, finish } = slowMedia()
    await using harness = await startClipHarness(server.url, { media })
    const clip = await getClip(harness, everything)
    const reading = readContent(await harness.clips.open(tokenOf(clip), enoughTime()), enoughTime())
    finish(new Error('socket hang up'))
    await expect(reading).rejects.toMatchObject({ name: 'ClipUnavailable' })
    expect(await harness.clips.find(clip.id, enoughTime())).toMatchObject({ state: 'FAILED' })
  })
})
