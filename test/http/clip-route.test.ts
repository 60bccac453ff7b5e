import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { type ClientRequest, get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import Fastify, { type FastifyInstance } from 'fastify'
import type { ClipLayout } from '../../src/delivery/clip/clip-movie.js'
import { DiskPartStore } from '../../src/delivery/parts/disk-part-store.js'
import type { PartFetch } from '../../src/delivery/ports.js'
import type { ClipContent } from '../../src/delivery/serve/clip-content.js'
import { ClipUnavailable } from '../../src/delivery/serve/clip-unavailable.js'
import { clipRoute } from '../../src/http/clip-route.js'
import { toSlicedFile } from '../../src/media/mp4/slices.js'
import { openPassedThroughClip, openSlicedClip } from '../support/opened-clips.js'
import { countingFetch, HandFedSource, patternBytes } from '../support/part-bodies.js'

// Real sockets, real files: what a client sees of clips that are stored, arriving, broken, or not to be had.

const NOW = Date.UTC(2026, 6, 1)
const BYTES = patternBytes(3_000_000)
const DESCRIPTION = { fileName: 'door.mp4', lastModifiedMs: NOW - 1_000, urlExpiresAtMs: NOW + 60_000 }
const LAYOUT: ClipLayout = {
  etag: '"e"',
  file: toSlicedFile([{ kind: 'source', source: 0, offset: 0, length: BYTES.byteLength }]),
}

let folder = ''
let parts: DiskPartStore
let app: FastifyInstance
let base = ''
let tokens: Record<string, (signal: AbortSignal) => Promise<ClipContent>> = {}
let ended: string[] = []
let active = 0

const rebuilt =
  (key: string, fetch: PartFetch, layout: ClipLayout | Promise<ClipLayout> = LAYOUT) =>
  async () =>
    openSlicedClip(DESCRIPTION, { parts: [await parts.open(key, fetch)], layout })
const passed = (key: string, fetch: PartFetch) => async () => openPassedThroughClip(DESCRIPTION, await parts.open(key, fetch))

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-route-'))
  parts = await DiskPartStore.open({ folder, capBytes: 100_000_000 })
  tokens = { stored: rebuilt('k', countingFetch(BYTES).fetch) }
  ended = []
  active = 0
  // As in the app. By default, Fastify answers long tokens with 414.
  app = Fastify({ routerOptions: { maxParamLength: 4096 }, forceCloseConnections: true })
  const open = async (token: string, signal: AbortSignal) => {
    const content = tokens[token]
    if (content === undefined) throw new ClipUnavailable('BAD_TOKEN', 'This is not a URL of ours.')
    return content(signal)
  }
  const downloads = {
    began: () => {
      active += 1
    },
    ended: (outcome: string, bytes: number) => {
      active -= 1
      ended.push(`${outcome} ${bytes}`)
    },
  }
  await app.register(clipRoute({ open, downloads, clock: { now: () => NOW }, identifiedWithinMs: 1000 }))
  base = await app.listen({ port: 0, host: '127.0.0.1' })
})

afterEach(async () => {
  await app.close()
  await parts.close()
  await rm(folder, { recursive: true, force: true })
})

const fetchClip = (token: string, init: RequestInit = {}) => fetch(`${base}/clips/${token}/door.mp4`, init)
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`never came true: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A client that takes what comes, and tells whether the answer ended as it should. */
function download(
  token: string,
  onData: (bytes: number, request: ClientRequest) => void = () => undefined,
): Promise<{ complete: boolean; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = get(`${base}/clips/${token}/door.mp4`, { agent: false }, (response: IncomingMessage) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        onData(Buffer.concat(chunks).byteLength, request)
      })
      response.on('error', () => undefined)
      response.on('close', () => resolve({ complete: response.complete, body: Buffer.concat(chunks) }))
    })
    request.on('error', reject)
  })
}

describe('a stored clip', () => {
  test('is served completely, with the headers that players and browsers need', async () => {
    const response = await fetchClip('stored')
    expect(response.status).toBe(200)
    expect((await bytesOf(response)).equals(BYTES)).toBe(true)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'access-control-allow-origin': '*',
      'cache-control': 'private, max-age=60, immutable',
      'content-disposition': 'inline; filename="door.mp4"',
      'content-length': '3000000',
      'content-type': 'video/mp4',
      'cross-origin-resource-policy': 'cross-origin',
      etag: '"e"',
      'last-modified': 'Tue, 30 Jun 2026 23:59:59 GMT',
      'x-content-type-options': 'nosniff',
    })
    await until(() => ended.length === 1)
    expect([ended, active]).toEqual([['complete 3000000'], 0])
  })

  test.each([
    ['bytes=0-1', 0, 2],
    ['bytes=1000000-1999999', 1_000_000, 2_000_000],
    ['bytes=-500', 2_999_500, 3_000_000],
  ])('answers %s with those bytes', async (range, start, end) => {
    const response = await fetchClip('stored', { headers: { range } })
    expect([response.status, response.headers.get('content-range')]).toEqual([206, `bytes ${start}-${end - 1}/3000000`])
    expect((await bytesOf(response)).equals(BYTES.subarray(start, end))).toBe(true)
  })

  test('is resumed after a dropped connection, byte for byte', async () => {
    const dropped = await download('stored', (bytes, request) => bytes > 500_000 && request.destroy())
    expect(dropped.complete).toBe(false)
    await until(() => ended.length === 1)
    // What the kernel's buffers have taken counts as sent, and they may have taken all of it.
    expect(ended[0]).toMatch(/^(aborted|complete) /)
    const rest = await fetchClip('stored', { headers: { range: `bytes=${dropped.body.byteLength}-`, 'if-range': '"e"' } })
    expect(rest.status).toBe(206)
    expect(Buffer.concat([dropped.body, await bytesOf(rest)]).equals(BYTES)).toBe(true)
  })

  test('answers HEAD, conditional requests and downloads', async () => {
    const head = await fetchClip('stored', { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), (await bytesOf(head)).byteLength]).toEqual([200, '3000000', 0])
    const unchanged = await fetchClip('stored', { headers: { 'if-none-match': '"e"' } })
    expect([unchanged.status, unchanged.headers.get('etag'), unchanged.headers.get('content-length')]).toEqual([304, '"e"', null])
    const changed = await fetchClip('stored', { headers: { 'if-match': '"other"' } })
    expect([changed.status, changed.headers.get('content-type')]).toEqual([412, 'application/problem+json'])
    const outside = await fetchClip('stored', { headers: { range: 'bytes=3000000-' } })
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, 'bytes */3000000'])
    const saved = await fetch(`${base}/clips/stored/%E7%8E%84.mp4?download=1`)
    expect(saved.headers.get('content-disposition')).toBe('attachment; filename="door.mp4"')
    await saved.body?.cancel()
    expect(ended.filter((outcome) => outcome.startsWith('failed'))).toEqual([])
  })

  test.each([
    ['', 'inline'],
    ['?download', 'attachment'],
    ['?download=1', 'attachment'],
    ['?download=true', 'attachment'],
    ['?download=0', 'inline'],
    ['?download=false', 'inline'],
    ['?utm_source=mail', 'inline'],
  ])('with "%s" is shown or saved: %s', async (query, disposition) => {
    const response = await fetch(`${base}/clips/stored/door.mp4${query}`, { method: 'HEAD' })
    expect(response.headers.get('content-disposition')).toBe(`${disposition}; filename="door.mp4"`)
  })

  test('is sent to 64 readers at once, and a stalled one does not delay the others', async () => {
    const stalled = connect(Number(new URL(base).port), '127.0.0.1')
    stalled.write('GET /clips/stored/a.mp4 HTTP/1.1\r\nHost: a\r\n\r\n')
    stalled.pause()
    const readers = await Promise.all(Array.from({ length: 64 }, () => fetchClip('stored').then(bytesOf)))
    expect(readers.every((bytes) => bytes.equals(BYTES))).toBe(true)
    stalled.destroy()
    await until(() => active === 0)
  })
})

describe('a clip that is still arriving', () => {
  test('returns a range as soon as its bytes are there', async () => {
    const source = new HandFedSource(BYTES.byteLength)
    tokens.arriving = rebuilt('a', source.fetch)
    const far = fetchClip('arriving', { headers: { range: 'bytes=100000-100099' } })
    await until(() => source.calls === 1)
    source.feed(BYTES.subarray(0, 100_100))
    expect((await bytesOf(await far)).equals(BYTES.subarray(100_000, 100_100))).toBe(true)
  })

  test('waits for its size, and is NOT_READY when that takes too long', async () => {
    const later = Promise.withResolvers<ClipLayout>()
    tokens.late = rebuilt('k', countingFetch(BYTES).fetch, later.promise)
    const impatient = await fetchClip('late', { method: 'GET', headers: { range: 'bytes=0-1' } })
    expect([impatient.status, impatient.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await impatient.json()).toMatchObject({ code: 'NOT_READY' })
    expect((await fetchClip('late', { method: 'HEAD' })).status).toBe(503)
    const patient = fetchClip('late')
    later.resolve(LAYOUT)
    expect((await bytesOf(await patient)).equals(BYTES)).toBe(true)
  })

  test('is NOT_READY when it cannot be opened in time', async () => {
    tokens.slow = (signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    expect((await fetchClip('slow')).status).toBe(503)
  })

  test('is streamed immediately when it is passed through, and has tag, length and ranges once it is complete', async () => {
    const source = new HandFedSource(null)
    tokens.passing = passed('p', source.fetch)
    const response = fetchClip('passing', { headers: { range: 'bytes=5-' } })
    await until(() => source.calls === 1)
    source.feed(BYTES.subarray(0, 1_000))
    const { status, headers, body } = await response
    expect([status, headers.get('etag'), headers.get('content-length'), headers.get('accept-ranges')]).toEqual([200, null, null, 'none'])
    source.feed(BYTES.subarray(1_000))
    source.end()
    expect((await bytesOf(new Response(body))).equals(BYTES)).toBe(true)
    const part = await fetchClip('passing', { headers: { range: 'bytes=5-' } })
    expect(part.status).toBe(206)
    expect(part.headers.get('etag')).toBe(`"${createHash('sha256').update(BYTES).digest('hex')}"`)
    expect((await bytesOf(part)).equals(BYTES.subarray(5))).toBe(true)
    expect(source.calls).toBe(1)
  })

  test.each(['rebuilt', 'passed'] as const)(
    'has its readers cut off when Kinesis Video breaks off (%s), leaves no file, and is right the next time',
    async (form) => {
      const sources: HandFedSource[] = []
      const fetchBroken: PartFetch = (signal) => {
        const source = new HandFedSource(null)
        sources.push(source)
        return source.fetch(signal)
      }
      // Both downloads read one part, as all downloads of a clip do.
      let part = parts.open('b', fetchBroken)
      tokens.broken = async () =>
        form === 'rebuilt'
          ? openSlicedClip(DESCRIPTION, { parts: [await part], layout: LAYOUT })
          : openPassedThroughClip(DESCRIPTION, await part)
      const downloads = [download('broken'), download('broken')]
      await until(() => sources.length === 1 && active === 2)
      sources[0]?.feed(BYTES.subarray(0, 1_000_000))
      await until(() => parts.sizeBytes >= 1_000_000)
      sources[0]?.breakOff(new Error('reset'))
      for (const { complete, body } of await Promise.all(downloads)) {
        expect(complete).toBe(false)
        expect(body.equals(BYTES.subarray(0, body.byteLength))).toBe(true)
      }
      await until(async () => active === 0 && (await readdir(folder)).length === 0)
      expect(ended.map((outcome) => outcome.split(' ')[0])).toEqual(['failed', 'failed'])
      part = parts.open('b', fetchBroken)
      const next = download('broken')
      await until(() => sources.length === 2)
      sources[1]?.feed(BYTES)
      sources[1]?.end()
      const { complete, body } = await next
      expect([complete, body.equals(BYTES)]).toEqual([true, true])
    },
  )

  test('has a reader cut off when its URL is revoked, also one that does not read, and other readers finish', async () => {
    const end = new AbortController()
    const source = new HandFedSource(null)
    let part = parts.open('r', source.fetch)
    const open = async (revoked?: AbortSignal) =>
      openSlicedClip({ ...DESCRIPTION, ...(revoked && { revoked }) }, { parts: [await part], layout: LAYOUT })
    tokens.revoked = () => open(end.signal)
    tokens.kept = () => open()
    const kept = download('kept')
    const doomed = new Promise<IncomingMessage>((resolve) => get(`${base}/clips/revoked/a.mp4`, resolve))
    const socket = connect(Number(new URL(base).port), '127.0.0.1')
    socket.write('GET /clips/revoked/a.mp4 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
    const stalled = once(socket, 'close')
    socket.on('error', () => null)
    const started = once(socket, 'readable')
    await until(() => active === 3)
    source.feed(BYTES.subarray(0, 1_000_000))
    const [response] = await Promise.all([doomed, started])
    end.abort(new ClipUnavailable('REVOKED', 'This URL was revoked.'))
    await expect(response.toArray()).rejects.toMatchObject({ code: 'ECONNRESET' })
    socket.resume()
    await stalled
    source.feed(BYTES.subarray(1_000_000))
    source.end()
    const { complete, body } = await kept
    expect([complete, body.equals(BYTES)]).toEqual([true, true])
    part = parts.open('r', () => Promise.reject(new Error('the part was discarded')))
    expect((await download('kept')).complete).toBe(true)
  })

  test('answers with a problem document when it fails before the first byte', async () => {
    const source = new HandFedSource(BYTES.byteLength)
    tokens.broken = rebuilt('b', source.fetch)
    const response = fetchClip('broken')
    await until(() => source.calls === 1)
    source.breakOff(new ClipUnavailable('FOOTAGE_EXPIRED', 'The footage is gone.'))
    expect((await response).status).toBe(404)
    expect(await (await response).json()).toMatchObject({ code: 'FOOTAGE_EXPIRED', detail: 'The footage is gone.' })
  })

  test('is abandoned when its only client disconnects before the first byte', async () => {
    const source = new HandFedSource(BYTES.byteLength)
    tokens.waiting = rebuilt('w', source.fetch)
    const controller = new AbortController()
    const response = fetchClip('waiting', { signal: controller.signal }).catch(() => null)
    await until(() => source.calls === 1)
    controller.abort()
    await response
    await until(() => source.isLeft && active === 0)
    expect(ended).toEqual(['aborted 0'])
  })
})

test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('a clip refuses %s with the allowed methods', async (method) => {
  const response = await fetchClip('stored', { method, body: '<a/>', headers: { 'content-type': 'application/xml' } })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(await response.json()).toMatchObject({ title: 'Method Not Allowed', status: 405, code: 'METHOD_NOT_ALLOWED' })
})

describe('a clip that is unavailable', () => {
  test('is refused with a problem document with the reason', async () => {
    const response = await fetchClip('x'.repeat(1_900))
    expect([response.status, response.headers.get('content-type')]).toEqual([403, 'application/problem+json'])
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      detail: 'This is not a URL of ours.',
      code: 'BAD_TOKEN',
    })
  })

  test('answers HEAD with the status and no body', async () => {
    const response = await fetchClip('x', { method: 'HEAD' })
    expect([response.status, (await bytesOf(response)).byteLength]).toEqual([403, 0])
  })

  test('because of an unexpected error shows no internal details', async () => {
    tokens.odd = () => Promise.reject(new TypeError('secret is not a function'))
    const response = await fetchClip('odd')
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
  })
})

test('keeps the headers that the app has set', async () => {
  const other = Fastify()
  other.addHook('onRequest', async (_request, reply) => {
    reply.header('x-request-id', '7')
  })
  await other.register(clipRoute({ open: rebuilt('k', countingFetch(BYTES).fetch), clock: { now: () => NOW } }))
  const response = await fetch(`${await other.listen({ port: 0, host: '127.0.0.1' })}/clips/t/a.mp4`)
  expect(response.headers.get('x-request-id')).toBe('7')
  await response.arrayBuffer()
  await other.close()
})
