import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { CreateStreamCommand, KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Clip } from '../../src/domain/clip.js'
import { buildKvsServer } from '../../src/kvs-server/server.js'
import { sleep } from '../../src/lib/clock.js'
import { type Downloaded, download, until } from '../support/clip-client.js'
import { askFor, START, STREAM, startFootage } from '../support/clip-harness.js'
import { type ClipHttp, type ClipHttpOptions, startClipHttp } from '../support/clip-http.js'
import { eventually } from '../support/eventually.js'
import { recording, variedFootage } from '../support/footage.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { type KvsTestServer, TEST_CREDENTIALS } from '../support/kvs-test-server.js'
import { testOnLinux } from '../support/platforms.js'
import { upload } from '../support/producer.js'

// A clip of three GetClip answers, each of which goes wrong in every way that the embedded server knows, while clients read it over HTTP.

const HOUR = 3_600_000
const PARTS = 3
/** Its parts, and what was read of its fragments. */
const FILES = PARTS + 1
const EDGE_BYTES = 10_000
/** How long a source may be silent. A healthy one is not silent for so long, on a busy machine either. */
const SILENT_MS = 2_000
const clusters = Array.from({ length: 450 }, (_, index) => variedFootage(index * 1000 + (index >= 300 ? 60_000 : 0)))

let kvs: KvsTestServer
let healthy: ClipHttp
let clip: Clip
let whole: Buffer
let etag: string
let partBytes: number
let stored: ReadonlyMap<string, Buffer>

beforeAll(async () => {
  kvs = await startFootage([recording(clusters)], { faults: true })
  healthy = await startClipHttp(kvs.url)
  clip = await healthy.request(askFor(0, HOUR))
  const { body, headers, isComplete } = await download(healthy.urlOf(clip))
  expect(isComplete).toBe(true)
  whole = body
  etag = headers.etag ?? ''
  await until(async () => (await readdir(healthy.folder)).filter((name) => name.endsWith('.part')).length === FILES)
  stored = await storedFiles(healthy.folder)
  partBytes = Math.min(...[...stored.values()].map(({ byteLength }) => byteLength).filter((bytes) => bytes > EDGE_BYTES))
})
afterAll(async () => {
  await healthy?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
})
afterEach(() => clearFaults())

async function clearFaults(): Promise<void> {
  await fetch(`${kvs.url}/_faults`, { method: 'DELETE' })
}

async function setFaults(...rules: readonly object[]): Promise<void> {
  await clearFaults()
  const { ok } = await kvs.post('/_faults', { rules })
  expect(ok).toBe(true)
}

const onGetClip = (fault: object, rest: object = {}) => ({ operation: 'GetClip', fault, ...rest })

/** What is kept, by name, once nothing is on its way to the store any more. */
async function storedFiles(folder: string): Promise<Map<string, Buffer>> {
  let names: string[] = []
  await until(async () => {
    names = await readdir(folder).catch(() => [])
    return names.every((name) => name.endsWith('.part'))
  })
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)))
}

/** Every file in the store is one that a healthy gateway has, to the byte, and nothing else is there. */
async function expectOnlyRightParts({ folder }: ClipHttp): Promise<void> {
  for (const [name, bytes] of await storedFiles(folder)) expect(stored.get(name)?.equals(bytes)).toBe(true)
}

/** Right bytes, a broken connection after right bytes, or a problem that is named. Tells which. */
function judge({ status, headers, body, isComplete }: Downloaded): string {
  if (status !== 200) {
    expect(headers['content-type']).toBe('application/problem+json')
    expect(isComplete).toBe(true)
    const { code, detail } = JSON.parse(body.toString())
    expect(detail).toMatch(/^[A-Z].*\.$/)
    return `${status} ${code}`
  }
  expect(headers.etag).toBe(etag)
  expect(body.equals(whole.subarray(0, body.byteLength))).toBe(true)
  if (isComplete) expect(body.byteLength).toBe(whole.byteLength)
  return isComplete ? 'right' : 'cut'
}

/** On a gateway with an empty store: what a client gets under the fault; then, without it, everything as it should be. */
async function suffer(rules: readonly object[], options: ClipHttpOptions = {}): Promise<string> {
  await using gateway = await startClipHttp(kvs.url, options)
  await setFaults(...rules)
  const seen = judge(await download(gateway.urlOf(clip)))
  await clearFaults()
  let next = '503 NOT_READY'
  // Retries with increasing pauses while throttled, as clients do.
  while (next === '503 NOT_READY') next = judge(await download(gateway.urlOf(clip)))
  expect(next).toBe('right')
  await expectOnlyRightParts(gateway)
  await until(() => gateway.downloads.active === 0)
  return seen
}

describe('a response of Kinesis Video that fails in any part', () => {
  test.each([0, 1, 2])('(part %i) throttled twice is retried, and the client does not notice', async (after) => {
    expect(await suffer([onGetClip({ kind: 'throttle' }, { after, times: 2 })])).toBe('right')
  })

  test('throttled for longer than the client waits is 503, and then continues', async () => {
    expect(await suffer([onGetClip({ kind: 'throttle' })], { identifiedWithinMs: 300 })).toBe('503 NOT_READY')
  })

  test.each([0, 1, 2])('(part %i) with one 500 is retried', async (after) => {
    expect(await suffer([onGetClip({ kind: 'exception', name: 'InternalFailure' }, { after, times: 1 })])).toBe('right')
  })

  test.each([
    ['500 each time', { kind: 'exception', name: 'InternalFailure' }, '502 KVS_FAILED'],
    ['an empty 503 of a load balancer', { kind: 'status', status: 503 }, '502 KVS_FAILED'],
    ['no right to ask', { kind: 'exception', name: 'NotAuthorizedException' }, '502 KVS_ACCESS_DENIED'],
    ['connections that are refused', { kind: 'refuse' }, '502 KVS_FAILED'],
  ])('(%s) is a problem document with its reason', async (_, fault, problem) => {
    expect(await suffer([onGetClip(fault)])).toBe(problem)
  })

  test.each(['cut', 'stall'] as const)('%s at any byte is detected', async (kind) => {
    const seen = new Set<string>()
    const place = fc.tuple(
      fc.integer({ min: 0, max: PARTS - 1 }),
      fc.oneof(
        fc.integer({ min: 1, max: 40_000 }),
        fc.nat(partBytes - 100_000).map((bytes) => bytes + 1),
      ),
    )
    const fails = fc.asyncProperty(place, async ([after, afterBytes]) => {
      const options = kind === 'stall' ? { idleTimeoutMs: SILENT_MS } : {}
      const ending = await suffer([onGetClip({ kind, afterBytes }, { after, times: 1 })], options)
      expect(ending).toMatch(/^(502 KVS_FAILED|cut)$/)
      seen.add(ending)
    })
    await fc.assert(fails, { numRuns: 5, examples: [[[0, 1]], [[1, partBytes - 100_000]]] })
    // The gateway may learn that the connection broke before it sends the first byte. It learns of a stall much later.
    expect(seen).toContain('502 KVS_FAILED')
    if (kind === 'stall') expect(seen).toContain('cut')
  })

  test('cut behind a slow body, after bytes were sent, breaks the download', async () => {
    await using gateway = await startClipHttp(kvs.url)
    // The cut comes seconds after the heads of all parts, with which the download begins.
    const slow = onGetClip({ kind: 'slow', bytesPerSecond: Math.floor(partBytes / 4) })
    await setFaults(slow, onGetClip({ kind: 'cut', afterBytes: partBytes - 50_000 }, { after: 1, times: 1 }))
    const seen = await download(gateway.urlOf(clip))
    expect(judge(seen)).toBe('cut')
    expect(seen.body.byteLength).toBeGreaterThan(0)
    await expectOnlyRightParts(gateway)
  })

  test.each([-100_000, -10, -1, 1, 10, 100_000])('with a length that is off by %i is detected', async (extraBytes) => {
    for (const after of [0, 2]) {
      const rule = onGetClip({ kind: 'wrongLength', extraBytes }, { after, times: 1 })
      expect(await suffer([rule], { idleTimeoutMs: SILENT_MS })).toMatch(/^(502 KVS_FAILED|cut|right)$/)
    }
  })

  test('that never starts is 503, while other clips are served', async () => {
    await using gateway = await startClipHttp(kvs.url, { identifiedWithinMs: 2000 })
    const short = await healthy.request(askFor(100_000, 105_000))
    await setFaults(onGetClip({ kind: 'stall', afterBytes: 0 }, { times: PARTS }))
    expect(judge(await download(gateway.urlOf(clip)))).toBe('503 NOT_READY')
    const other = await download(gateway.urlOf(short))
    expect([other.status, other.isComplete]).toEqual([200, true])
  })

  test.each([0, 1, 2])('(part %i) without an end is abandoned when it is no longer a valid file', async (after) => {
    expect(await suffer([onGetClip({ kind: 'endless' }, { after, times: 1 })])).toMatch(/^(502 KVS_FAILED|cut|right)$/)
  })

  test('that is slow and late is complete in the end', async () => {
    expect(await suffer([onGetClip({ kind: 'slow', bytesPerSecond: 1_000_000 }), onGetClip({ kind: 'delay', ms: 200 })])).toBe('right')
  })
})

describe('corrupted bytes', () => {
  // Nothing in an answer vouches for its bytes: TLS does that. Here the heads are looked into, for what is read out of them is believed.
  test('in a head never change the length of the file, nor affect the next clip', async () => {
    const seen = new Map<string, number>()
    const places = fc.tuple(fc.integer({ min: 0, max: PARTS - 1 }), fc.nat(1500), fc.integer({ min: 1, max: 16 }))
    const holds = fc.asyncProperty(places, async ([after, offset, length]) => {
      await using gateway = await startClipHttp(kvs.url)
      await setFaults(onGetClip({ kind: 'corrupt', offset, length }, { after, times: 1 }))
      const answer = await download(gateway.urlOf(clip))
      const isOther = answer.isComplete && answer.status === 200 && !answer.body.equals(whole)
      // What still reads as a head makes another clip, of which no download of the right one is ever continued.
      if (isOther) expect(answer.headers.etag).not.toBe(etag)
      const ending = isOther ? 'other' : judge(answer)
      seen.set(ending, (seen.get(ending) ?? 0) + 1)
      if (isOther || ending === 'right') return
      await clearFaults()
      expect(judge(await download(gateway.urlOf(clip)))).toBe('right')
      await expectOnlyRightParts(gateway)
    })
    await fc.assert(holds, { numRuns: 20, examples: [[[1, 161, 2]], [[0, 435, 16]], [[0, 196, 9]]] })
    // Damage can also look like other footage than was listed, or like another codec.
    const clear = /^(right|cut|other|502 KVS_FAILED|404 (FOOTAGE_CHANGED|FOOTAGE_EXPIRED|CODEC_CHANGES))$/
    expect([...seen.keys()].filter((ending) => !clear.test(ending))).toEqual([])
    expect(seen.get('other') ?? 0).toBeLessThan(5)
  })
})

describe('a fault of the gateway', () => {
  test('a store that is too small is 503 with Retry-After, and serves clips that fit', async () => {
    await using gateway = await startClipHttp(kvs.url, { capBytes: Math.floor(partBytes * 1.5) })
    const answer = await download(gateway.urlOf(clip))
    expect(judge(answer)).toMatch(/^(503 STORE_FULL|cut)$/)
    if (answer.status === 503) expect(answer.headers['retry-after']).toBe('5')
    const short = await healthy.request(askFor(100_000, 105_000))
    const fits = await download(gateway.urlOf(short))
    expect([fits.status, fits.isComplete]).toEqual([200, true])
  })

  test.each(['before', 'while'])('a store folder that is deleted %s parts arrive is created again', async (when) => {
    await using gateway = await startClipHttp(kvs.url)
    await setFaults(onGetClip({ kind: 'slow', bytesPerSecond: 1_500_000 }))
    const arriving = when === 'while' ? download(gateway.urlOf(clip)) : null
    if (arriving) await until(async () => (await readdir(gateway.folder)).length === FILES)
    await rm(gateway.folder, { recursive: true })
    if (arriving) expect(judge(await arriving)).toBe('right')
    await clearFaults()
    expect(judge(await download(gateway.urlOf(clip)))).toBe('right')
    const short = await healthy.request(askFor(100_000, 105_000))
    expect((await download(gateway.urlOf(short))).status).toBe(200)
    expect((await storedFiles(gateway.folder)).size).toBeGreaterThan(0)
  })

  test('a stored clip whose folder is deleted is fetched again', async () => {
    await using gateway = await startClipHttp(kvs.url)
    expect(judge(await download(gateway.urlOf(clip)))).toBe('right')
    await until(async () => (await storedFiles(gateway.folder)).size === FILES)
    await rm(gateway.folder, { recursive: true })
    expect(judge(await download(gateway.urlOf(clip)))).toBe('right')
  })

  test('a gateway that stops aborts downloads, which another gateway resumes', async () => {
    const first = await startClipHttp(kvs.url)
    await setFaults(onGetClip({ kind: 'slow', bytesPerSecond: 300_000 }))
    let answered = 0
    const onBytes = () => {
      answered += 1
    }
    const waiting = Array.from({ length: 5 }, () => download(first.urlOf(clip), { onFirstBytes: onBytes }))
    await until(() => answered === 5)
    await first[Symbol.asyncDispose]()
    await clearFaults()
    await using second = await startClipHttp(kvs.url)
    for (const { status, body, headers } of await Promise.all(waiting)) {
      expect([status, headers.etag]).toEqual([200, etag])
      const rest = await download(second.urlOf(clip), { headers: { range: `bytes=${body.byteLength}-`, 'if-range': etag } })
      expect([rest.status, rest.isComplete]).toEqual([206, true])
      expect(Buffer.concat([body, rest.body]).equals(whole)).toBe(true)
    }
  })

  test('fragments that are listed late are reported until they are listed, and are not part of an earlier clip', async () => {
    await using late = await startFootage([recording([variedFootage(0), variedFootage(1000)])], { faults: true })
    await using one = await startClipHttp(late.url)
    await sleep(1000, enoughTime())
    const betweenMs = Date.now()
    await sleep(1000, enoughTime())
    const two = await one.request(askFor(0, HOUR))
    await upload(late.url, recording([variedFootage(2000)]), { stream: STREAM, start: String(START / 1000) })
    const three = await one.request(askFor(0, HOUR))
    const right = await Promise.all([two, three].map((promised) => download(one.urlOf(promised))))
    await late.post('/_faults', { fault: { kind: 'listLate', ms: Date.now() - betweenMs } })
    await using other = await startClipHttp(late.url)
    const early = await download(other.urlOf(three))
    expect([early.status, JSON.parse(early.body.toString()).code]).toEqual([404, 'FOOTAGE_CHANGED'])
    await fetch(`${late.url}/_faults`, { method: 'DELETE' })
    for (const [index, promised] of [two, three].entries()) {
      expect((await download(other.urlOf(promised))).body.equals(right[index]?.body ?? Buffer.alloc(0))).toBe(true)
    }
  })
})

describe('a data endpoint that moved', () => {
  test('is looked up again, also while another program uses its port', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'clipgate-moved-'))
    const options = { dataDir, port: 0, quotas: false }
    let server = await buildKvsServer(options)
    let target = await server.listen()
    await using control = await startForwarder(() => target)
    const stream = new KinesisVideoClient({ endpoint: control.url, region: 'us-east-1', credentials: TEST_CREDENTIALS })
    await stream.send(new CreateStreamCommand({ StreamName: STREAM, DataRetentionInHours: 24 }))
    await upload(target, recording(clusters.slice(0, 10)), { stream: STREAM, start: String(START / 1000) })
    await using gateway = await startClipHttp(control.url)
    const before = await download(gateway.urlOf(await gateway.request(askFor(0, 4000))))
    expect(before.isComplete).toBe(true)
    for (const isTaken of [false, true]) {
      const oldPort = Number(new URL(target).port)
      await server.close({ graceMs: 0 })
      const stranger = isTaken ? createServer((_, response) => response.writeHead(404).end('<html>not here</html>')) : null
      if (stranger) await new Promise<void>((listening) => stranger.listen(oldPort, '127.0.0.1', listening))
      server = await buildKvsServer(options)
      target = await server.listen()
      const startMs = isTaken ? 5000 : 2000
      const clip = await gateway.request(askFor(startMs, startMs + 2000))
      const { status, isComplete } = await download(gateway.urlOf(clip))
      expect([status, isComplete]).toEqual([200, true])
      stranger?.closeAllConnections()
      stranger?.close()
    }
    stream.destroy()
    await server.close({ graceMs: 0 })
    await rm(dataDir, { recursive: true, force: true })
  })
})

/** The control plane's fixed address, behind which the server may move. */
async function startForwarder(target: () => string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming
    const onward = request(target() + url, { method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

setFlagsFromString('--expose-gc')
const collectGarbage: unknown = runInNewContext('gc')

/** What is still used once the rest is collected. */
function liveBytes(): number {
  if (typeof collectGarbage === 'function') collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

describe('every fault', () => {
  testOnLinux('leaves no socket, open file or memory behind (skipped without /proc)', async () => {
    const openFiles = async () => (await readdir('/proc/self/fd')).length
    const once = async () => {
      await using gateway = await startClipHttp(kvs.url, { idleTimeoutMs: SILENT_MS, identifiedWithinMs: 5000 })
      for (const fault of [
        { kind: 'cut', afterBytes: 50_000 },
        { kind: 'stall', afterBytes: 50_000 },
        { kind: 'stall', afterBytes: 5 },
        { kind: 'endless' },
        { kind: 'wrongLength', extraBytes: 7 },
        { kind: 'corrupt', offset: 0, length: 16 },
        { kind: 'refuse' },
      ]) {
        await setFaults(onGetClip(fault))
        const readers = Array.from({ length: 5 }, () => download(gateway.urlOf(clip)))
        readers.push(download(gateway.urlOf(clip), { leaveAfterBytes: 1 }))
        for (const reader of readers) expect(judge(await reader)).not.toBe('')
      }
      await clearFaults()
      // A download may join a fetch that began before and is still failing.
      await eventually(async () => expect(judge(await download(gateway.urlOf(clip)))).toBe('right'))
    }
    await once()
    const [filesBefore, bytesBefore] = [await openFiles(), liveBytes()]
    for (let round = 0; round < 3; round += 1) await once()
    await until(async () => (await openFiles()) <= filesBefore)
    // Timers and sockets that are just ending still hold some for a moment.
    await until(() => liveBytes() - bytesBefore < 20_000_000)
  })
})
