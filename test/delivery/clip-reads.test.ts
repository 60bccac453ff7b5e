import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { DiskPartStore } from '../../src/delivery/parts/disk-part-store.js'
import { ClipSealer } from '../../src/delivery/url/clip-sealer.js'
import type { ClipSpec } from '../../src/delivery/url/clip-spec.js'
import type { Clip } from '../../src/domain/clip.js'
import { callsOf, downloadClip, getClip, whenEnded } from '../support/clip-calls.js'
import { until } from '../support/clip-client.js'
import { askFor, type ClipHarness, readContent, SECRET, startClipHarness, startFootage, tokenOf } from '../support/clip-harness.js'
import { footage, recording } from '../support/footage.js'
import { enoughTime } from '../support/kvs-for-test.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'
import { sealVersion1Id, sealVersion1Url } from '../support/version-1-tokens.js'

const DAY_MS = 86_400_000
/** The start of a quarter of eight seconds, a minute, fifteen minutes and a day. */
const MIDNIGHT = Math.ceil(Date.now() / DAY_MS) * DAY_MS

let server: KvsTestServer
let nowMs = MIDNIGHT
const clock = { now: () => nowMs }

beforeAll(async () => {
  server = await startFootage([recording([footage(0), footage(1000), footage(2000)])])
})
afterAll(() => server[Symbol.asyncDispose]())

async function find({ clips }: ClipHarness, id: string): Promise<Clip> {
  const clip = await clips.find(id, enoughTime())
  if (clip === null) throw new Error('there is no such clip')
  return clip
}

async function renew({ clips }: ClipHarness, id: string, seconds: number | null): Promise<Clip> {
  const answer = await clips.renew(id, seconds, enoughTime())
  if (!answer?.clip) throw new Error(`the clip was not renewed: ${JSON.stringify(answer)}`)
  return answer.clip
}

/** A clip is READY shortly before its parts are synced and moved to their places. */
async function whenStored(harness: ClipHarness): Promise<Clip> {
  const ready = await whenEnded(harness, await getClip(harness))
  await until(async () => (await readdir(harness.storeDir)).every((name) => name.endsWith('.part')))
  return ready
}

function specOf(id: string): ClipSpec {
  const opened = new ClipSealer([SECRET]).openId(id)
  if (opened === null) throw new Error('this is no id')
  return opened.spec
}

describe('the URL of a clip', () => {
  test('is the same in all reads within one quarter of its lifetime, and changes with the quarter', async () => {
    nowMs = MIDNIGHT
    await using harness = await startClipHarness(server.url, { clock })
    const first = await getClip(harness, askFor(0, DAY_MS / 24, { expiresInSeconds: 8 }))
    expect(first.expiresAtMs).toBe(MIDNIGHT + 10_000)
    const urls: string[] = []
    for (const laterMs of [0, 1, 1000, 1999, 2000, 3999, 4000, 8000]) {
      nowMs = MIDNIGHT + laterMs
      const { id, downloadUrl, expiresAtMs } = await find(harness, first.id)
      expect(id).toBe(first.id)
      expect(expiresAtMs - nowMs).toBeGreaterThan(8000)
      urls.push(downloadUrl)
    }
    const [a, b, c, d, e, f, g, h] = urls
    expect([a, b, c, d]).toEqual(Array.from({ length: 4 }, () => first.downloadUrl))
    expect(e).toBe(f)
    expect(new Set([a, e, g, h]).size).toBe(4)
  })

  test('stays valid until it expires, also after a newer URL is issued', async () => {
    nowMs = MIDNIGHT + 1999
    await using harness = await startClipHarness(server.url, { clock })
    const first = await getClip(harness, askFor(0, DAY_MS / 24, { expiresInSeconds: 8 }))
    const whole = await downloadClip(harness, first)
    nowMs = MIDNIGHT + 2000
    expect((await find(harness, first.id)).downloadUrl).not.toBe(first.downloadUrl)
    nowMs = first.expiresAtMs - 1
    const content = await harness.clips.open(tokenOf(first), enoughTime())
    expect(content.urlExpiresAtMs).toBe(MIDNIGHT + 10_000)
    expect(Buffer.compare(await readContent(content, enoughTime()), whole)).toBe(0)
    nowMs = first.expiresAtMs
    await expect(harness.clips.open(tokenOf(first), enoughTime())).rejects.toMatchObject({ reason: 'EXPIRED' })
  })

  test('is the same on every gateway with the same secrets, and for a repeated request', async () => {
    nowMs = MIDNIGHT
    await using one = await startClipHarness(server.url, { clock })
    await using other = await startClipHarness(server.url, { clock })
    const clip = await getClip(one)
    nowMs = MIDNIGHT + 60_000
    const addressOf = ({ id, downloadUrl, expiresAtMs }: Clip) => ({ id, downloadUrl, expiresAtMs })
    for (const seen of [await getClip(one), await getClip(other), await find(other, clip.id), await renew(other, clip.id, null)]) {
      expect(addressOf(seen)).toEqual(addressOf(clip))
    }
  })
})

describe('the ID of a clip', () => {
  test('carries the lifetime: clips with two lifetimes have two IDs and share one GetClip call', async () => {
    nowMs = MIDNIGHT
    await using harness = await startClipHarness(server.url, { clock })
    const day = await getClip(harness, askFor(0, DAY_MS / 24, { expiresInSeconds: 86_400 }))
    const short = await getClip(harness, askFor(0, DAY_MS / 24, { expiresInSeconds: 60 }))
    expect(short.id).not.toBe(day.id)
    for (const laterMs of [0, 3_600_000]) {
      nowMs = MIDNIGHT + laterMs
      expect((await find(harness, day.id)).expiresAtMs).toBe(MIDNIGHT + 1.25 * DAY_MS)
      expect((await find(harness, short.id)).expiresAtMs).toBe(nowMs + 75_000)
    }
    await whenEnded(harness, day)
    expect(callsOf(harness, 'GetClip')).toBe(1)
  })

  test('stays the same when its URL is renewed for the same lifetime, and differs for another lifetime', async () => {
    nowMs = MIDNIGHT
    await using harness = await startClipHarness(server.url, { clock })
    const clip = await getClip(harness, askFor(0, DAY_MS / 24, { expiresInSeconds: 60 }))
    nowMs = clip.expiresAtMs
    for (const seconds of [null, 60]) {
      const renewed = await renew(harness, clip.id, seconds)
      expect(renewed).toMatchObject({ id: clip.id, expiresAtMs: nowMs + 75_000 })
      await downloadClip(harness, renewed)
    }
    const longer = await renew(harness, clip.id, 3600)
    expect(longer.expiresAtMs).toBeGreaterThanOrEqual(nowMs + 3_600_000)
    expect(longer.id).not.toBe(clip.id)
    expect((await find(harness, longer.id)).downloadUrl).toBe(longer.downloadUrl)
    expect((await find(harness, clip.id)).expiresAtMs).toBe(nowMs + 75_000)
  })

  test('with a lifetime above the current CLIP_URL_MAX_TTL yields URLs of at most that lifetime', async () => {
    nowMs = MIDNIGHT
    await using harness = await startClipHarness(server.url, { clock })
    const day = await getClip(harness, askFor(0, DAY_MS / 24, { expiresInSeconds: 86_400 }))
    await using strict = await startClipHarness(server.url, { clock, urlLifetime: { defaultSeconds: 60, maxSeconds: 600 } })
    expect(await find(strict, day.id)).toMatchObject({ id: day.id, expiresAtMs: MIDNIGHT + 750_000 })
    expect(await renew(strict, day.id, null)).toMatchObject({ id: day.id, expiresAtMs: MIDNIGHT + 750_000 })
    const { clip, issues } = await strict.clips.request(askFor(0, DAY_MS / 24, { expiresInSeconds: 601 }), enoughTime())
    expect([clip, issues.map(({ code }) => code)]).toEqual([null, ['EXPIRY_OUT_OF_RANGE']])
  })

  test('and the URL stay valid when they were made before IDs carried a lifetime', async () => {
    nowMs = MIDNIGHT
    await using harness = await startClipHarness(server.url, { clock })
    const clip = await getClip(harness)
    const whole = await downloadClip(harness, clip)
    const oldId = sealVersion1Id(SECRET, specOf(clip.id))
    const found = await find(harness, oldId)
    expect(found).toEqual({ ...(await find(harness, clip.id)), id: oldId })
    expect(await renew(harness, oldId, null)).toMatchObject({ id: oldId, downloadUrl: clip.downloadUrl })
    expect((await renew(harness, oldId, 60)).id).not.toBe(oldId)
    expect((await whenEnded(harness, found)).id).toBe(oldId)
    const oldToken = sealVersion1Url(SECRET, specOf(clip.id), MIDNIGHT + 5000)
    const content = await harness.clips.open(oldToken, enoughTime())
    expect(content.urlExpiresAtMs).toBe(MIDNIGHT + 5000)
    expect(Buffer.compare(await readContent(content, enoughTime()), whole)).toBe(0)
    nowMs += 5000
    await expect(harness.clips.open(oldToken, enoughTime())).rejects.toMatchObject({ reason: 'EXPIRED' })
  })
})

describe('a read of a clip by its ID', () => {
  const starts: readonly (readonly [string, (harness: ClipHarness, clip: Clip) => Promise<unknown>])[] = [
    ['opening its URL', (harness, clip) => downloadClip(harness, clip)],
    ['watching it', (harness, clip) => whenEnded(harness, clip)],
    ['requesting it again', (harness) => getClip(harness)],
  ]

  test.each(starts)('starts no fetch, returns IDLE, and returns READY after %s', async (_, start) => {
    await using first = await startClipHarness(server.url)
    const { id } = await getClip(first)
    await using harness = await startClipHarness(server.url)
    for (const clip of [await find(harness, id), await renew(harness, id, null), await renew(harness, id, 60)]) {
      expect(clip).toMatchObject({ state: 'IDLE', progress: 0, sizeBytes: null, etag: null, failure: null, fragmentCount: 3 })
    }
    expect(callsOf(harness, 'Get')).toBe(callsOf(harness, 'GetDataEndpoint'))
    const idle = await find(harness, id)
    expect(idle).toMatchObject({ delivered: (await find(first, id)).delivered, timeline: [{ mediaStartMs: 0 }] })
    await start(harness, idle)
    await whenEnded(harness, idle)
    expect(await find(harness, id)).toMatchObject({ state: 'READY', progress: 1 })
    expect(callsOf(harness, 'GetClip')).toBe(1)
  })

  test('returns READY for a clip that the store kept over a restart, without a fetch', async () => {
    await using first = await startClipHarness(server.url)
    const ready = await whenStored(first)

    await using store = await DiskPartStore.open({ folder: first.storeDir, capBytes: 1e9 })
    await using harness = await startClipHarness(server.url, { store })
    const found = await find(harness, ready.id)
    expect(found).toMatchObject({ state: 'READY', sizeBytes: ready.sizeBytes, etag: ready.etag })
    expect(callsOf(harness, 'GetClip')).toBe(0)
  })

  test.each([
    ['everything', () => true, 'READY'],
    ['all but the smallest part, which tells of its edges', (size: number, smallest: number) => size > smallest, 'IDLE'],
    ['its smallest part alone', (size: number, smallest: number) => size === smallest, 'IDLE'],
  ])('of an exact clip whose store kept %s requests no media from Kinesis Video', async (_, keeps, state) => {
    await using first = await startClipHarness(server.url)
    const ready = await whenEnded(first, await getClip(first, askFor(300, 1700, { cut: 'EXACT' })))
    expect(ready.state).toBe('READY')
    const names = async () => readdir(first.storeDir)
    await until(async () => (await names()).every((name) => name.endsWith('.part')))
    const sizes = new Map(
      await Promise.all((await names()).map(async (name) => [name, (await stat(join(first.storeDir, name))).size] as const)),
    )
    for (const [name, size] of sizes) if (!keeps(size, Math.min(...sizes.values()))) await rm(join(first.storeDir, name))
    await using store = await DiskPartStore.open({ folder: first.storeDir, capBytes: 1e9 })
    await using harness = await startClipHarness(server.url, { store })
    expect((await find(harness, ready.id)).state).toBe(state)
    expect([callsOf(harness, 'GetClip'), callsOf(harness, 'GetMediaForFragmentList')]).toEqual([0, 0])
  })

  test('returns IDLE again for a clip that is no longer stored', async () => {
    await using first = await startClipHarness(server.url)
    const { id } = await whenStored(first)

    await using store = await DiskPartStore.open({ folder: first.storeDir, capBytes: 1 })
    await using harness = await startClipHarness(server.url, { store })
    expect(await find(harness, id)).toMatchObject({ state: 'IDLE', sizeBytes: null })
    expect(callsOf(harness, 'GetClip')).toBe(0)
  })
})
