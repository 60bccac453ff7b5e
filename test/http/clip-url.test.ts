import { createHash } from 'node:crypto'
import { UpdateDataRetentionCommand } from '@aws-sdk/client-kinesis-video'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Clip } from '../../src/domain/clip.js'
import { getStream } from '../../src/kvs-server/operations/stream-checks.js'
import { download, until } from '../support/clip-client.js'
import { askFor, START, STREAM, startFootage } from '../support/clip-harness.js'
import { type ClipHttp, startClipHttp } from '../support/clip-http.js'
import { recording, variedFootage } from '../support/footage.js'
import { enoughTime } from '../support/kvs-for-test.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'
import { upload } from '../support/producer.js'

// The clip URL as its users meet it: a clip of three GetClip answers over the embedded server, read over HTTP.

const HOUR = 3_600_000
const clusters = Array.from({ length: 450 }, (_, index) => variedFootage(index * 1000))

let kvs: KvsTestServer
let gateway: ClipHttp
let clip: Clip
let url: string
let whole: Buffer
let etag: string

beforeAll(async () => {
  kvs = await startFootage([recording(clusters)], { faults: true })
  gateway = await startClipHttp(kvs.url)
  clip = await gateway.request(askFor(0, HOUR))
  url = gateway.urlOf(clip)
  const { body, headers } = await download(url)
  whole = body
  etag = headers.etag ?? ''
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
})
afterEach(() => fetch(`${kvs.url}/_faults`, { method: 'DELETE' }))

const setFaults = (...rules: readonly object[]) => kvs.post('/_faults', { rules })
const stateOf = async ({ harness }: ClipHttp, { id }: Clip) => (await harness.clips.find(id, enoughTime()))?.state

describe('a clip whose media is still arriving', () => {
  test('is sent as soon as the heads of all parts are known', async () => {
    await using other = await startClipHttp(kvs.url)
    await setFaults({ operation: 'GetClip', fault: { kind: 'slow', bytesPerSecond: 300_000 } })
    const begun = await download(other.urlOf(clip), { leaveAfterBytes: 1000 })
    expect(begun).toMatchObject({ status: 200, isComplete: false, headers: { etag, 'content-length': String(whole.byteLength) } })
    expect(await stateOf(other, clip)).toBe('FETCHING')
    const last = await download(other.urlOf(clip))
    expect(last.body.equals(whole)).toBe(true)
  })

  test('returns a range of one part while another part is slow', async () => {
    await using other = await startClipHttp(kvs.url)
    await setFaults({ operation: 'GetClip', times: 1, fault: { kind: 'slow', bytesPerSecond: 150_000 } })
    const far = await download(other.urlOf(clip), { headers: { range: 'bytes=-100000' } })
    expect(far.status).toBe(206)
    expect(far.body.equals(whole.subarray(-100_000))).toBe(true)
    expect(await stateOf(other, clip)).toBe('FETCHING')
  })

  test('makes every request wait for its size, and sends Retry-After', async () => {
    await using other = await startClipHttp(kvs.url, { identifiedWithinMs: 150 })
    await setFaults({ operation: 'GetClip', after: 1, times: 1, fault: { kind: 'delay', ms: 5000 } })
    const questions: Record<string, string>[] = [
      {},
      { range: 'bytes=0-1' },
      { 'if-none-match': etag },
      { 'if-match': '"other"' },
      { range: 'bytes=9999999999-' },
    ]
    for (const headers of questions) {
      const early = await download(other.urlOf(clip), { headers })
      expect(early).toMatchObject({ status: 503, headers: { 'retry-after': '5', 'cache-control': 'no-store' } })
      expect(JSON.parse(early.body.toString())).toMatchObject({ code: 'NOT_READY', status: 503 })
    }
    expect((await fetch(other.urlOf(clip), { method: 'HEAD' })).status).toBe(503)
    await until(async () => (await stateOf(other, clip)) === 'READY')
    const statuses = await Promise.all(questions.map(async (headers) => (await download(other.urlOf(clip), { headers })).status))
    expect(statuses).toEqual([200, 206, 304, 412, 416])
  })
})

describe('a clip URL', () => {
  test('answers 10,000 random Range headers correctly', async () => {
    // A short one: a good part of these headers is to be ignored, and answered with everything.
    const short = await gateway.request(askFor(190_000, 210_000, { cut: 'EXACT' }))
    const { body: file } = await download(gateway.urlOf(short))
    const { byteLength: size } = file
    const position = fc.oneof(fc.nat(size + 1000), fc.nat(20), fc.integer({ min: size - 20, max: size + 20 }))
    const place = fc.tuple(position, fc.nat(5000)).map(([first, length]) => [first, first + length] as const)
    const header = fc.oneof(
      { weight: 6, arbitrary: place.map(([first, last]) => `bytes=${first}-${last}`) },
      { weight: 1, arbitrary: place.map(([first, last]) => `bytes=${last}-${first}`) },
      { weight: 1, arbitrary: fc.nat(3000).map((length) => `bytes=-${length}`) },
      { weight: 1, arbitrary: fc.integer({ min: size - 2000, max: size + 20 }).map((first) => `bytes=${first}-`) },
      { weight: 1, arbitrary: place.map(([first, last]) => `bytes=${first}-${last},0-1`) },
      { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...'bytes=-,0123 x'), maxLength: 12 }) },
    )
    const headers = fc.sample(header, { numRuns: 10_000, seed: 4 })
    const fileHash = hash(file)
    const work = async () => {
      for (let range = headers.pop(); range !== undefined; range = headers.pop()) {
        // A client trims what it sends, and Node sends no empty header.
        const answer = await fetch(gateway.urlOf(short), { headers: { range } })
        const body = Buffer.from(await answer.arrayBuffer())
        const seen = [answer.status, answer.headers.get('content-range'), answer.status === 416 ? '' : hash(body)]
        const span = modelSpan(range.trim(), size)
        if (span === 'whole') expect([range, ...seen]).toEqual([range, 200, null, fileHash])
        else if (span === 'none') expect([range, ...seen]).toEqual([range, 416, `bytes */${size}`, ''])
        else expect([range, ...seen]).toEqual([range, 206, `bytes ${span[0]}-${span[1] - 1}/${size}`, hash(file.subarray(...span))])
      }
    }
    await Promise.all(Array.from({ length: 8 }, work))
  }, 600_000)

  test('answers the requests of Safari', async () => {
    const probe = await download(url, { headers: { range: 'bytes=0-1' } })
    expect(probe).toMatchObject({ status: 206, headers: { 'content-range': `bytes 0-1/${whole.byteLength}`, 'content-length': '2' } })
    const rest = await download(url, { headers: { range: `bytes=0-${whole.byteLength - 1}` } })
    expect([rest.status, rest.body.equals(whole)]).toEqual([206, true])
  })

  test('resumes an interrupted download, or restarts when the clip has changed', async () => {
    let got = Buffer.alloc(0)
    for (let drops = 0; got.byteLength < whole.byteLength; drops += 1) {
      const leaveAfterBytes = drops < 4 ? 100_000 * (drops + 1) : Number.POSITIVE_INFINITY
      const headers = { range: `bytes=${got.byteLength}-`, 'if-range': etag }
      const { status, body } = await download(url, { headers, leaveAfterBytes })
      expect(status).toBe(206)
      got = Buffer.concat([got, body])
    }
    expect(got.equals(whole)).toBe(true)
    const changed = await download(url, { headers: { range: 'bytes=1000-', 'if-range': '"another"' } })
    expect([changed.status, changed.body.byteLength]).toEqual([200, whole.byteLength])
  })

  test.each([
    [
      '玄関 – 十一月.mp4',
      'inline; filename="__ _ ___.mp4"; filename*=UTF-8\'\'%E7%8E%84%E9%96%A2%20%E2%80%93%20%E5%8D%81%E4%B8%80%E6%9C%88.mp4',
    ],
    ['باب.mp4', 'inline; filename="___.mp4"; filename*=UTF-8\'\'%D8%A8%D8%A7%D8%A8.mp4'],
    ['50% "off".mp4', `inline; filename="50% _off_.mp4"; filename*=UTF-8''50%25%20_off_.mp4`],
  ])('keeps a file name in any script: %s', async (fileName, disposition) => {
    const named = await gateway.request(askFor(0, 3000, { fileName }))
    const answer = await download(gateway.urlOf(named))
    expect([answer.status, answer.headers['content-disposition']]).toEqual([200, disposition])
  })

  test('ignores the file name in its path, and is saved with ?download', async () => {
    const renamed = url.replace(/[^/]+$/, '%F0%9F%9A%AA.mp4')
    expect((await download(`${renamed}?download=1`)).headers['content-disposition']).toMatch(/^attachment; /)
  })

  test('expires for new downloads, not for running ones', async () => {
    let nowMs = Date.now()
    await using other = await startClipHttp(kvs.url, { service: { clock: { now: () => nowMs } } })
    const brief = await other.request(askFor(0, HOUR, { expiresInSeconds: 60 }))
    await until(async () => (await stateOf(other, brief)) === 'READY')
    await fetch(`${kvs.url}/_faults`, { method: 'DELETE' })
    await using slow = await startClipHttp(kvs.url, { service: { clock: { now: () => nowMs } } })
    await setFaults({ operation: 'GetClip', fault: { kind: 'slow', bytesPerSecond: 500_000 } })
    const started = download(slow.urlOf(brief))
    await until(() => slow.downloads.active === 1)
    nowMs = brief.expiresAtMs
    const late = await download(other.urlOf(brief), { headers: { range: 'bytes=5-', 'if-range': etag } })
    expect([late.status, JSON.parse(late.body.toString()).code]).toEqual([410, 'EXPIRED'])
    expect((await started).body.equals(whole)).toBe(true)
    const renewed = await other.harness.clips.renew(brief.id, 60, enoughTime())
    if (!renewed?.clip) throw new Error('a clip was not renewed')
    const again = await download(other.urlOf(renewed.clip), { headers: { range: 'bytes=5-', 'if-range': etag } })
    expect([again.status, again.body.equals(whole.subarray(5))]).toEqual([206, true])
  })
})

function hash(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('base64')
}

/** RFC 9110, 14, written down a second time. */
function modelSpan(header: string, size: number): [number, number] | 'whole' | 'none' {
  const unit = /^bytes=(.*)$/i.exec(header)?.[1]
  const specs = (unit ?? '').split(',').flatMap((spec) => spec.trim() || [])
  const [, first, last] = /^(\d*)-(\d*)$/.exec(specs[0] ?? '') ?? []
  if (specs.length !== 1 || first === undefined || last === undefined || first + last === '') return 'whole'
  if (first === '') return Number(last) === 0 ? 'none' : [Math.max(0, size - Number(last)), size]
  if (last !== '' && Number(last) < Number(first)) return 'whole'
  if (Number(first) >= size) return 'none'
  return [Number(first), last === '' ? size : Math.min(size, Number(last) + 1)]
}

describe('another gateway with the secrets', () => {
  test.each(['exact', 'joined'])('serves the same %s bytes with the same tag, and opens the ID', async (kind) => {
    const promised = kind === 'joined' ? clip : await gateway.request(askFor(100_300, 333_300, { cut: 'EXACT' }))
    const here = await download(gateway.urlOf(promised))
    // It has never seen the clip, as one that has lost its disk.
    await using other = await startClipHttp(kvs.url)
    const known = await other.harness.clips.find(promised.id, enoughTime())
    expect(known).toMatchObject({ id: promised.id, fileName: promised.fileName, requested: promised.requested, gaps: promised.gaps })
    const seen: Clip[] = []
    for await (const state of (await other.harness.clips.watch(promised.id, enoughTime())) ?? []) seen.push(state)
    expect(seen.at(-1)).toMatchObject({ state: 'READY', etag: here.headers.etag, sizeBytes: here.body.byteLength })
    const there = await download(other.urlOf(promised))
    const byName = ({ headers }: typeof here) => ({ ...headers, date: '', 'cache-control': '' })
    expect(byName(there)).toEqual(byName(here))
    expect(there.body.equals(here.body)).toBe(true)
    const renewed = await other.harness.clips.renew(promised.id, 60, enoughTime())
    if (!renewed?.clip) throw new Error('a clip was not renewed')
    expect((await download(gateway.urlOf(renewed.clip))).body.equals(here.body)).toBe(true)
  })

  test('resumes a download of the first gateway', async () => {
    await using other = await startClipHttp(kvs.url)
    const begun = await download(url, { leaveAfterBytes: 300_000 })
    const rest = await download(other.urlOf(clip), { headers: { range: `bytes=${begun.body.byteLength}-`, 'if-range': etag } })
    expect(Buffer.concat([begun.body, rest.body]).equals(whole)).toBe(true)
  })
})

describe('footage that no longer exists', () => {
  const hourly = (hours: number) => ({ start: String((START + hours * HOUR) / 1000), stream: STREAM })

  test('is reported as changed or expired, by the URL and by the clip', async () => {
    let nowMs = Date.now()
    const clock = { now: () => nowMs }
    await using server = await startFootage([recording([variedFootage(0), variedFootage(5000)])], { clock })
    await using one = await startClipHttp(server.url, { service: { clock } })
    const promised = await one.request(askFor(0, HOUR))
    await upload(server.url, recording([variedFootage(3000)]), hourly(0))
    await using two = await startClipHttp(server.url, { service: { clock } })
    const changed = await download(two.urlOf(promised))
    expect([changed.status, JSON.parse(changed.body.toString()).code]).toEqual([404, 'FOOTAGE_CHANGED'])
    expect(await two.harness.clips.find(promised.id, enoughTime())).toMatchObject({ failure: { code: 'FOOTAGE_CHANGED' } })
    const later = await one.request(askFor(0, HOUR, { expiresInSeconds: 86_400 }))
    nowMs += 24 * HOUR - 10_000
    await using three = await startClipHttp(server.url, { service: { clock } })
    nowMs += 9_000
    await server.control.send(
      new UpdateDataRetentionCommand({
        StreamName: STREAM,
        Operation: 'DECREASE_DATA_RETENTION',
        DataRetentionChangeInHours: 23,
        CurrentVersion: await versionOf(server),
      }),
    )
    const expired = await download(three.urlOf(later))
    expect([expired.status, JSON.parse(expired.body.toString()).code]).toEqual([404, 'FOOTAGE_EXPIRED'])
    expect(await three.harness.clips.find(later.id, enoughTime())).toMatchObject({
      state: 'FAILED',
      failure: { code: 'FOOTAGE_EXPIRED', retryable: false },
    })
  })

  test.each([false, true])(
    'while it is fetched fails the clip and never makes it shorter (every frame a key frame: %s)',
    async (allKeys) => {
      let nowMs = Date.now()
      const clock = { now: () => nowMs }
      const first = recording([variedFootage(0, { allKeys })])
      const rest = recording(Array.from({ length: 9 }, (_, index) => variedFootage(1000 + index * 1000, { allKeys })))
      await using server = await startFootage([first], { clock, faults: true })
      nowMs += HOUR
      await upload(server.url, rest, hourly(0))
      nowMs += 22.9 * HOUR
      await using one = await startClipHttp(server.url, { service: { clock } })
      await server.post('/_faults', { operation: 'GetClip', times: 1, fault: { kind: 'delay', ms: 700 } })
      const asking = one.harness.clips.request(askFor(0, HOUR, { expiresInSeconds: 7200 }), enoughTime())
      await until(async () => (await (await fetch(`${server.url}/_faults`)).text()).includes('"struck":1'))
      nowMs += HOUR / 2
      const { clip: promised, issues } = await asking
      expect({ promised, issues }).toMatchObject({ promised: { state: 'FAILED', failure: { code: 'FOOTAGE_EXPIRED' } } })
      if (promised === null) throw new Error('no clip was promised')
      const answer = await download(one.urlOf(promised))
      expect([answer.status, JSON.parse(answer.body.toString()).code]).toEqual([404, 'FOOTAGE_EXPIRED'])
    },
  )
})

async function versionOf({ server }: KvsTestServer): Promise<string> {
  return getStream(server.streams, { name: STREAM, arn: null }).version
}
