import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { ClipContent } from '../../src/delivery/serve/clip-content.js'
import { fakeContent } from '../support/fake-content.js'
import { buildHarness } from '../support/graphql-harness.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { startNginx } from '../support/nginx.js'
import { findPeer, type PeerName, runProgram } from '../support/peer-programs.js'

// How other programs handle the gateway's responses where HTTP leaves a choice, with the options that their users type.

const BYTES = Buffer.from(Array.from({ length: 2_000_000 }, (_, index) => index % 251))
let harness: Awaited<ReturnType<typeof buildHarness>>
let kvs: KvsTestServer
let url = ''
let folder = ''
/** How often a clip is reported as not ready before it is. */
let early = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-clients-'))
  kvs = await startKvsTestServer({})
  harness = await buildHarness({ identifiedWithinMs: 200 })
  harness.clips.open = async (token) => contentOf(token)
  url = await harness.app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await harness?.app.close()
  await kvs?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  early = 0
})

function contentOf(token: string): ClipContent {
  if (token === 'broken') return fakeContent({ bytes: BYTES, form: 'PASSTHROUGH', failsAfter: 1_000_000 })
  if (token === 'passed') return fakeContent({ bytes: BYTES, form: 'PASSTHROUGH' })
  if (early === 0) return fakeContent({ bytes: BYTES, etag: '"e"' })
  early -= 1
  // A clip that is not identified in time.
  return fakeContent({ bytes: BYTES })
}

async function run(program: PeerName, ...args: string[]) {
  const { path } = await findPeer(program)
  return runProgram(path, args, { cwd: folder })
}

describe('a PASSTHROUGH clip that breaks off', () => {
  test('fails in curl -0, which does not support chunks', async () => {
    const whole = await run('curl', '-0', '-s', '-o', 'whole', '-w', '%{http_code}', `${url}/clips/passed/a.mp4`)
    expect([whole.code, whole.stdout]).toEqual([0, '200'])
    expect((await readFile(join(folder, 'whole'))).equals(BYTES)).toBe(true)
    const broken = await run('curl', '-0', '-s', '-o', 'broken', `${url}/clips/broken/a.mp4`)
    // 56: failure in receiving network data.
    expect(broken.code).toBe(56)
  })

  test('fails behind nginx with its default settings, which uses HTTP/1.0 for upstreams', async () => {
    await using nginx = await startNginx(folder, `location /clips/ { proxy_pass ${url}; }`)
    const whole = await run('curl', '-s', '-o', 'proxied', '-w', '%{http_code}', `${nginx.url}/clips/passed/a.mp4`)
    expect([whole.code, whole.stdout]).toEqual([0, '200'])
    expect((await readFile(join(folder, 'proxied'))).equals(BYTES)).toBe(true)
    const broken = await run('curl', '-s', '-o', 'broken', `${nginx.url}/clips/broken/a.mp4`)
    // 18: partial file.
    expect(broken.code).toBe(18)
  })
})

describe('a client that offers HTTP/2', () => {
  const body = JSON.stringify({ query: '{ limits { maxRangeHours } }' })
  const json = ['-H', 'content-type: application/json']

  test('is answered in HTTP/1.1 (curl --http2)', async () => {
    const format = ['-s', '-o', '-', '-w', ' %{http_code} %{http_version}']
    expect((await run('curl', '--http2', ...format, ...json, '-d', body, `${url}/graphql`)).stdout).toMatch(
      /maxRangeHours":24.* 200 1\.1$/s,
    )
    const clip = await run('curl', '--http2', '-s', '-o', 'h2c', '-w', '%{http_code} %{size_download}', `${url}/clips/stored/a.mp4`)
    expect(clip.stdout).toBe('200 2000000')
    const listed = await run('curl', '--http2', ...format, ...json, '-d', '{}', `${kvs.url}/listStreams`)
    expect(listed.stdout).toMatch(/StreamInfoList.* 200 1\.1$/s)
  })

  test("is answered in HTTP/1.1 (Java's HttpClient)", async () => {
    const ask = (...args: string[]) => run('java', join(import.meta.dirname, 'HttpClientAsk.java'), ...args)
    expect((await ask(`${url}/graphql`, body)).stdout).toMatch(/^200 HTTP_1_1 \d+\n$/)
    expect((await ask(`${url}/clips/stored/a.mp4`)).stdout).toBe('200 HTTP_1_1 2000000\n')
    expect((await ask(`${kvs.url}/listStreams`, '{}')).stdout).toMatch(/^200 HTTP_1_1 \d+\n$/)
  })
})

describe('a clip that is not ready yet', () => {
  /** The commands of docs/clip-url.md, as a reader copies them. */
  async function readCommands(): Promise<readonly string[]> {
    const page = await readFile('docs/clip-url.md', 'utf8')
    return page.split('\n').filter((line) => /^(curl|wget|aria2c) .*(--retry|--tries|--max-tries).*"\$URL"$/.test(line))
  }

  test('is downloaded in the end by the commands in the docs', async () => {
    const commands = await readCommands()
    expect(commands.map((command) => command.split(' ')[0])).toEqual(['curl', 'wget', 'aria2c'])
    for (const command of commands) {
      const [program = '', ...options] = command.split(' ').filter((word) => word !== '"$URL"')
      const own = await mkdtemp(join(folder, `${program}-`))
      early = 2
      const peer = program === 'curl' || program === 'wget' ? program : 'aria2c'
      const { path } = await findPeer(peer)
      const { code, stderr } = await runProgram(path, [...options, `${url}/clips/stored/door.mp4`], { cwd: own })
      expect({ program, code, early, stderr: code === 0 ? '' : stderr }).toEqual({ program, code: 0, early: 0, stderr: '' })
      expect((await readFile(join(own, 'door.mp4'))).equals(BYTES)).toBe(true)
    }
  })

  test('leaves no error text in the file of curl -f', async () => {
    const own = await mkdtemp(join(folder, 'curl-f-'))
    early = 1
    const { path } = await findPeer('curl')
    const get = () => runProgram(path, ['-s', '-f', '-O', '-C', '-', `${url}/clips/stored/door.mp4`], { cwd: own })
    expect((await get()).code).toBe(22)
    expect((await get()).code).toBe(0)
    expect((await readFile(join(own, 'door.mp4'))).equals(BYTES)).toBe(true)
  })

  test('is not downloaded again once it is complete, and curl reports that by its exit code', async () => {
    const own = await mkdtemp(join(folder, 'curl-complete-'))
    const { path } = await findPeer('curl')
    const get = () => runProgram(path, ['-s', '-f', '-O', '--retry', '10', '-C', '-', `${url}/clips/stored/door.mp4`], { cwd: own })
    expect([(await get()).code, (await get()).code]).toEqual([0, 22])
    expect((await readFile(join(own, 'door.mp4'))).equals(BYTES)).toBe(true)
  })
})
