import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Clip } from '../../src/domain/clip.js'
import { download } from '../support/clip-client.js'
import { askFor, startFootage } from '../support/clip-harness.js'
import { type ClipHttp, startClipHttp } from '../support/clip-http.js'
import { playClipInChromium } from '../support/clip-in-chromium.js'
import { decode, ffmpeg } from '../support/ffmpeg.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'
import { startNginx } from '../support/nginx.js'
import { NUMBERED_PICTURE } from '../support/numbered-picture.js'
import { CHROMIUM_FLAGS } from '../support/page-in-chromium.js'
import { findPeer, runProgram } from '../support/peer-programs.js'

// The clip URL in the programs that people open it with. Every frame of the footage shows its own number.

const RATE = 25
const PICTURE = ['-f', 'lavfi', '-i', `color=s=320x80:r=${RATE}:d=50,format=yuv420p,${NUMBERED_PICTURE}`]
const SOUND = ['-f', 'lavfi', '-i', 'sine=f=440:r=48000:d=50']
// 250 fragments of five frames each, which take two GetClip calls.
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '5', '-keyint_min', '5', '-sc_threshold', '0']
const ENCODING = [...H264, '-c:a', 'aac', '-cluster_time_limit', '20000', '-cluster_size_limit', '60000000']

let kvs: KvsTestServer
let gateway: ClipHttp
let joined: Clip
let exact: Clip
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-url-'))
  const source = join(folder, 'source.mkv')
  await ffmpeg([...PICTURE, ...SOUND, ...ENCODING, source])
  kvs = await startFootage([new Uint8Array(await readFile(source))], { faults: true })
  gateway = await startClipHttp(kvs.url)
  joined = await gateway.request(askFor(0, 3_600_000))
  exact = await gateway.request(askFor(10_101, 44_000, { cut: 'EXACT' }))
}, 120_000)
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

test('the footage takes two GetClip calls', () => {
  expect(joined.fragmentCount).toBe(250)
  expect(gateway.harness.heard.requests.filter((heard) => heard === 'GetClip ok').length).toBeGreaterThanOrEqual(2)
})

describe('Chromium', () => {
  // AAC begins with 21 ms of priming, so frame n is at 21 + 40 n milliseconds.
  const clips = [
    { name: 'a joined clip', clip: () => joined, first: { timeS: 0.021, number: 0 }, last: 1249 },
    { name: 'an exact clip', clip: () => exact, first: { timeS: 0, number: 252 }, last: 1099 },
  ]

  test.each(clips)('plays $name to its last frame, and shows the right frame after each seek', async ({ clip, first, last }) => {
    const { path } = await findPeer('chromium')
    const endS = first.timeS + (last + 1 - first.number) / RATE
    const seekToS = [endS - 1.01, 1.03, 29.99, 30.01, 0]
    const options = { chromium: path, profile: join(folder, `profile-${last}`), seekToS, playFromS: endS - 2 }
    const seen = await playClipInChromium(gateway.urlOf(clip()), options)
    expect(seen.videoWidth).toBe(320)
    expect(seen.readyState).toBeGreaterThanOrEqual(2)
    expect(Math.abs(seen.durationS - endS)).toBeLessThan(0.1)
    expect(seen.first).toEqual(first)
    const numberAt = (timeS: number) => first.number + Math.max(0, Math.floor((timeS - first.timeS) * RATE))
    expect(seen.sought.map(({ number }) => number)).toEqual(seekToS.map(numberAt))
    expect(seen.last.number).toBe(last)
    expect(Math.abs(seen.endedAtS - seen.durationS)).toBeLessThan(0.05)
  })

  test('continues to play when its connections are dropped', async () => {
    const { path } = await findPeer('chromium')
    await using flaky = await startDroppingProxy(gateway.url, { bytesEach: 500_000, times: 4 })
    const url = gateway.urlOf(joined).replace(gateway.url, flaky.url)
    const options = { chromium: path, profile: join(folder, 'profile-flaky'), seekToS: [40.03, 5.03], playFromS: 47 }
    const seen = await playClipInChromium(url, options)
    expect(seen.sought.map(({ number }) => number)).toEqual([1000, 125])
    expect(seen.last.number).toBe(1249)
    // The player decides how many connections it opens. It has lost more than one.
    expect(flaky.drops()).toBeGreaterThan(1)
  })

  test('shows a clip whose URL is opened in its address bar', async () => {
    const { path } = await findPeer('chromium')
    const before = gateway.downloads.ended.length
    const args = [
      ...CHROMIUM_FLAGS,
      `--user-data-dir=${join(folder, 'profile-direct')}`,
      '--timeout=3000',
      '--dump-dom',
      gateway.urlOf(joined),
    ]
    const { stdout } = await promisify(execFile)(path, args)
    expect(stdout).toMatch(/<video [^>]*><source src="[^"]+" type="video\/mp4"><\/video>/)
    expect(gateway.downloads.ended.length).toBeGreaterThan(before)
  })
})

/** Passes a number of bytes of a response through, then drops the connection, a number of times. */
async function startDroppingProxy(target: string, { bytesEach, times }: { readonly bytesEach: number; readonly times: number }) {
  let drops = 0
  const server = createServer((incoming, outgoing) => {
    const onward = request(target + incoming.url, { method: incoming.method, headers: incoming.headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      let passed = 0
      answer.on('data', (chunk: Buffer) => {
        passed += chunk.byteLength
        outgoing.write(chunk)
        if (drops === times || passed < bytesEach || outgoing.destroyed) return
        drops += 1
        outgoing.destroy()
        onward.destroy()
      })
      answer.on('end', () => outgoing.end())
      answer.on('error', () => outgoing.destroy())
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    drops: () => drops,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

describe('curl and ffmpeg', () => {
  test('curl -C - continues a dropped download', async () => {
    const { path } = await findPeer('curl')
    const { body } = await download(gateway.urlOf(joined))
    const file = join(folder, 'resumed.mp4')
    await writeFile(file, body.subarray(0, 123_457))
    const { code, stdout } = await runProgram(path, [
      '-s',
      '-S',
      '-C',
      '-',
      '-o',
      file,
      '-w',
      '%{http_code} %{size_download}',
      gateway.urlOf(joined),
    ])
    expect([code, stdout]).toEqual([0, `206 ${body.byteLength - 123_457}`])
    expect((await readFile(file)).equals(body)).toBe(true)
    const again = await runProgram(path, ['-s', '-C', '-', '-o', file, '-w', '%{http_code}', gateway.urlOf(joined)])
    expect([again.stdout, (await readFile(file)).equals(body)]).toEqual(['416', true])
  })

  test('curl -C - continues while the clip is still being fetched, after the connection was cut', async () => {
    const { path } = await findPeer('curl')
    await using fresh = await startClipHttp(kvs.url)
    await kvs.post('/_faults', { operation: 'GetClip', times: 1, fault: { kind: 'cut', afterBytes: 200_000 } })
    const file = join(folder, 'cut.mp4')
    // -f: when the cut is noticed before the first byte is sent, the response is a 502, which must not start the file.
    const get = () => runProgram(path, ['-s', '-f', '-C', '-', '-o', file, fresh.urlOf(joined)])
    const first = await get()
    await fetch(`${kvs.url}/_faults`, { method: 'DELETE' })
    expect(first.code).not.toBe(0)
    expect((await get()).code).toBe(0)
    expect((await readFile(file)).equals((await download(gateway.urlOf(joined))).body)).toBe(true)
  })

  test('ffmpeg reads the URL, with and without a seek, and prints no message', async () => {
    for (const clip of [joined, exact]) {
      await decode(gateway.urlOf(clip))
      await ffmpeg(['-ss', '30', '-i', gateway.urlOf(clip), '-frames:v', '10', '-f', 'null', '-'])
    }
  })
})

describe('compared with nginx serving the same file', () => {
  const DATES = { before: 'Mon, 13 Nov 2023 00:00:00 GMT', after: 'Thu, 16 Nov 2023 00:00:00 GMT' }

  test('answers each request in the same way, except for the documented differences', async () => {
    const url = gateway.urlOf(joined)
    const whole = await download(url)
    const size = whole.body.byteLength
    await writeFile(join(folder, 'clip.mp4'), whole.body)
    const modified = new Date(whole.headers['last-modified'] ?? 0)
    await utimes(join(folder, 'clip.mp4'), modified, modified)
    await using nginx = await startNginx(folder)
    const there = await download(`${nginx.url}/clip.mp4`)
    const ask = async (base: string, method: string, headers: Record<string, string>) => {
      const answer = await fetch(base, { method, headers, signal: AbortSignal.timeout(10_000) })
      const body = Buffer.from(await answer.arrayBuffer())
      const named = (name: string) => answer.headers.get(name) ?? '-'
      const isMedia = answer.status < 300 && !named('content-type').startsWith('multipart')
      const told = isMedia ? [named('content-length'), named('content-range'), named('content-type'), named('last-modified')] : []
      return { status: answer.status, range: named('content-range'), told, body: isMedia ? body.toString('latin1') : '' }
    }
    const tags = { here: whole.headers.etag ?? '', there: there.headers.etag ?? '' }
    const modifiedText = whole.headers['last-modified'] ?? ''
    const questions: readonly (readonly [string, (tag: string) => Record<string, string>])[] = [
      ['GET', () => ({})],
      ['HEAD', () => ({})],
      ...['0-1', '0-', '100-199', `${size - 1}-`, '-1', `-${size}`, `-${size + 5}`, `0-${size + 99}`].map(
        (range) => ['GET', () => ({ range: `bytes=${range}` })] as const,
      ),
      ...[`${size}-`, `${size + 7}-${size + 9}`].map((range) => ['GET', () => ({ range: `bytes=${range}` })] as const),
      ['GET', () => ({ range: 'items=0-1' })],
      ['GET', (tag) => ({ 'if-none-match': tag })],
      ['GET', () => ({ 'if-none-match': '"other"' })],
      ['GET', () => ({ 'if-none-match': '*' })],
      ['HEAD', (tag) => ({ 'if-none-match': tag })],
      ['GET', (tag) => ({ 'if-match': tag })],
      ['GET', () => ({ 'if-match': '"other"' })],
      ['GET', () => ({ 'if-match': '*' })],
      ['GET', () => ({ 'if-modified-since': modifiedText })],
      ['GET', () => ({ 'if-modified-since': DATES.before })],
      ['GET', () => ({ 'if-unmodified-since': DATES.before })],
      ['GET', () => ({ 'if-unmodified-since': DATES.after })],
      ['GET', (tag) => ({ range: 'bytes=5-9', 'if-range': tag })],
      ['GET', () => ({ range: 'bytes=5-9', 'if-range': '"other"' })],
      ['GET', () => ({ range: 'bytes=5-9', 'if-range': modifiedText })],
      ['GET', () => ({ range: 'bytes=5-9', 'if-range': DATES.before })],
      ['GET', (tag) => ({ range: 'bytes=5-9', 'if-none-match': tag })],
      ['GET', () => ({ range: 'bytes=5-9', 'if-match': '"other"' })],
      ['GET', () => ({ 'accept-encoding': 'gzip, br' })],
    ]
    for (const [method, headers] of questions) {
      const [ours, theirs] = [await ask(url, method, headers(tags.here)), await ask(`${nginx.url}/clip.mp4`, method, headers(tags.there))]
      expect({ method, headers: headers('"tag"'), ...ours }).toEqual({ method, headers: headers('"tag"'), ...theirs })
    }
    expect([there, whole].map(({ headers }) => headers['accept-ranges'])).toEqual(['bytes', 'bytes'])
    const differences: [string, Record<string, string>, number, number][] = [
      ['GET', { range: 'bytes=0-1,4-5' }, 200, 206],
      ['GET', { range: 'bytes=2-1' }, 200, 416],
      ['GET', { range: 'bytes=a-b' }, 200, 416],
      ['HEAD', { range: 'bytes=0-1' }, 200, 206],
      ['GET', { 'if-modified-since': DATES.after }, 304, 200],
    ]
    const seen = []
    for (const [method, headers] of differences) {
      const [ours, theirs] = [await ask(url, method, headers), await ask(`${nginx.url}/clip.mp4`, method, headers)]
      seen.push([method, headers, ours.status, theirs.status])
    }
    expect(seen).toEqual(differences)
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const statuses = [(await ask(url, method, {})).status, (await ask(`${nginx.url}/clip.mp4`, method, {})).status]
      expect([method, ...statuses]).toEqual([method, 405, 405])
    }
    const names = (headers: object) => Object.keys(headers).sort()
    expect(names(there.headers)).toEqual([
      'accept-ranges',
      'connection',
      'content-length',
      'content-type',
      'date',
      'etag',
      'last-modified',
      'server',
    ])
    expect(names(whole.headers)).toEqual(
      [
        ...['accept-ranges', 'access-control-allow-origin', 'access-control-expose-headers', 'cache-control', 'connection'],
        ...['content-disposition', 'content-length', 'content-type', 'cross-origin-resource-policy', 'date', 'etag'],
        ...['last-modified', 'vary', 'x-content-type-options'],
      ].sort(),
    )
  })
})
