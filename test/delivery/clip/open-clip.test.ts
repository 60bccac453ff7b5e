import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { ClipLayout } from '../../../src/delivery/clip/clip-movie.js'
import { DiskPartStore } from '../../../src/delivery/parts/disk-part-store.js'
import { GatewayError } from '../../../src/domain/errors.js'
import { toSlicedFile } from '../../../src/media/mp4/slices.js'
import { openPassedThroughClip, openSlicedClip } from '../../support/opened-clips.js'
import { collect, countingFetch, HandFedSource, patternBytes } from '../../support/part-bodies.js'

const SIGNAL = new AbortController().signal
const DESCRIPTION = { fileName: 'a.mp4', lastModifiedMs: 0, urlExpiresAtMs: 0 }
let folder = ''
let store: DiskPartStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-contents-'))
  store = await DiskPartStore.open({ folder, capBytes: 100_000_000 })
})

afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a clip laid out over parts', () => {
  const [head, first, second] = [patternBytes(5_000, 1), patternBytes(300_000, 2), patternBytes(200_000, 3)]
  const layout: ClipLayout = {
    etag: '"e"',
    file: toSlicedFile([
      { kind: 'bytes', bytes: head },
      { kind: 'source', source: 0, offset: 10_000, length: 290_000 },
      { kind: 'bytes', bytes: Buffer.from('free') },
      { kind: 'source', source: 1, offset: 1, length: 199_999 },
    ]),
  }
  const whole = Buffer.concat([head, first.subarray(10_000), Buffer.from('free'), second.subarray(1)])

  test('gives the same bytes in every span', async () => {
    const parts = await Promise.all([first, second].map((bytes, at) => store.open(`k${at}`, countingFetch(bytes).fetch)))
    const content = await openSlicedClip(DESCRIPTION, { parts, layout })
    expect(await content.whenIdentified(SIGNAL)).toEqual({ sizeBytes: whole.byteLength, etag: '"e"' })
    expect((await collect(content.read('all', SIGNAL))).equals(whole)).toBe(true)
    for (const [start, end] of [
      [0, 1],
      [4_999, 5_001],
      [294_990, 295_010],
      [295_001, 295_003],
      [100_000, 400_000],
      [whole.byteLength - 1, whole.byteLength],
    ] as const) {
      expect((await collect(content.read({ start, end }, SIGNAL))).equals(whole.subarray(start, end))).toBe(true)
    }
    content.release()
  })

  test('waits only for the bytes of a span, whichever part they are in', async () => {
    const [one, two] = [new HandFedSource(300_000), new HandFedSource(200_000)]
    const parts = [await store.open('one', one.fetch), await store.open('two', two.fetch)]
    const content = await openSlicedClip(DESCRIPTION, { parts, layout })
    const far = collect(content.read({ start: whole.byteLength - 199_999, end: whole.byteLength - 199_900 }, SIGNAL))
    two.feed(second.subarray(0, 100))
    expect((await far).equals(second.subarray(1, 100))).toBe(true)
    content.release()
  })

  test('is identified when its layout is complete, and reports why when it cannot be identified', async () => {
    const later = Promise.withResolvers<ClipLayout>()
    const content = await openSlicedClip(DESCRIPTION, { parts: [], layout: later.promise })
    expect(content.identity).toBeNull()
    const impatient = content.whenIdentified(AbortSignal.abort(new Error('enough')))
    await expect(impatient).rejects.toThrow('enough')
    later.resolve(layout)
    expect(await content.whenIdentified(SIGNAL)).toEqual(content.identity)
    const refused = await openSlicedClip(DESCRIPTION, {
      parts: [],
      layout: Promise.reject(new GatewayError('KVS_THROTTLED', 'Too many.', { retryAfterMs: 7 })),
    })
    await expect(refused.whenIdentified(SIGNAL)).rejects.toMatchObject({
      name: 'ClipUnavailable',
      reason: 'KVS_THROTTLED',
      details: { retryAfterMs: 7 },
    })
    await expect(collect(refused.read('all', SIGNAL))).rejects.toMatchObject({ reason: 'KVS_THROTTLED' })
  })

  test('fails when a part is shorter than its layout says', async () => {
    const parts = [await store.open('short', countingFetch(first.subarray(0, 20_000)).fetch)]
    const content = await openSlicedClip(DESCRIPTION, { parts, layout })
    await expect(collect(content.read({ start: 0, end: 100_000 }, SIGNAL))).rejects.toMatchObject({ reason: 'KVS_FAILED' })
    content.release()
  })

  test('refuses a layout that refers to a part outside the clip', async () => {
    const content = await openSlicedClip(DESCRIPTION, { parts: [], layout })
    await expect(collect(content.read('all', SIGNAL))).rejects.toMatchObject({ reason: 'INTERNAL' })
  })
})

describe('a clip that is passed through', () => {
  const bytes = patternBytes(300_000)
  const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`

  test('is identified by its bytes once all of them have arrived', async () => {
    const source = new HandFedSource(null)
    const content = await openPassedThroughClip(DESCRIPTION, await store.open('k', source.fetch))
    expect(content.identity).toBeNull()
    const identified = content.whenIdentified(SIGNAL)
    const all = collect(content.read('all', SIGNAL))
    source.feed(bytes)
    source.end()
    expect(await identified).toEqual({ sizeBytes: 300_000, etag })
    expect((await all).equals(bytes)).toBe(true)
    content.release()
    const again = await openPassedThroughClip(DESCRIPTION, await store.open('k', source.fetch))
    expect(await again.whenIdentified(SIGNAL)).toEqual({ sizeBytes: 300_000, etag })
    expect(again.identity).toEqual({ sizeBytes: 300_000, etag })
    expect((await collect(again.read({ start: 5, end: 9 }, SIGNAL))).equals(bytes.subarray(5, 9))).toBe(true)
    again.release()
  })

  test('reports to its reader that Kinesis Video broke off', async () => {
    const source = new HandFedSource(null)
    const content = await openPassedThroughClip(DESCRIPTION, await store.open('k', source.fetch))
    source.feed(bytes)
    const all = collect(content.read('all', SIGNAL))
    source.breakOff(new GatewayError('KVS_UNAVAILABLE', 'Kinesis Video broke off.'))
    await expect(all).rejects.toMatchObject({ reason: 'KVS_FAILED' })
    await expect(content.whenIdentified(SIGNAL)).rejects.toMatchObject({ reason: 'KVS_FAILED' })
    content.release()
  })
})
