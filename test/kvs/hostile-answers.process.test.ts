import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { until } from '../support/clip-client.js'
import { type HostileAnswer, HostileServer, respond, writeMany } from '../support/hostile-server.js'

// How much memory an answer takes, only a process of its own can show.

const SUPPORT = join(import.meta.dirname, '../support')
const CHUNK = Buffer.alloc(65_536, ' ')
const CONTROL_PATHS = ['/describeStream', '/listStreams', '/listTagsForStream', '/getDataEndpoint']
/** Eight answers at once: two of 16 MiB, and all that reading them takes besides. The answers have gigabytes. */
const MOST_GROWN_MB = 150

let server: HostileServer
let child: ChildProcess
let lines: AsyncIterator<string>

beforeAll(async () => {
  server = await new HostileServer().listen()
  server.answer = (socket) => respond(socket, '{}', { status: '500 Internal Server Error' })
  const args = ['--import', join(SUPPORT, 'source-loader.mjs'), join(SUPPORT, 'kvs-process.ts'), server.url]
  child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  if (child.stdout === null) throw new Error('the child has no output')
  lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  expect(await nextLine()).toBe('ready')
}, 60_000)
afterAll(async () => {
  child.kill('SIGKILL')
  await server[Symbol.asyncDispose]()
})

async function nextLine(): Promise<string> {
  const { done, value } = await lines.next()
  if (done) throw new Error('the process has ended')
  return value
}

/** The whole gateway side, once against this answer: what each call made of it, and by how much the process has grown. */
async function askAll(answer: HostileAnswer): Promise<{ readonly outcomes: Readonly<Record<string, string>>; readonly grownMb: number }> {
  server.answer = answer
  child.stdin?.write('again\n')
  return JSON.parse(await nextLine())
}

/** The server returns data endpoints, and answers requests to them with this response. */
function behindEndpoint(answer: HostileAnswer): HostileAnswer {
  return (socket, request) =>
    request.path === '/getDataEndpoint' ? respond(socket, JSON.stringify({ DataEndpoint: request.url })) : answer(socket, request)
}

const head = (headers: string, status = '200 OK') => `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${headers}\r\n\r\n`
const unavailable = (outcomes: Readonly<Record<string, string>>) =>
  Object.entries(outcomes).filter(([, code]) => code !== 'KVS_UNAVAILABLE')

async function endless(socket: Socket, headers: string, chunk: Uint8Array | string, status?: string): Promise<void> {
  socket.write(head(headers, status))
  await writeMany(socket, chunk)
}

const ENDLESS: readonly (readonly [name: string, answer: (status: string) => HostileAnswer])[] = [
  ['of 1.5 GB, as announced', (status) => (socket) => endless(socket, 'content-length: 1500000000', CHUNK, status)],
  ['without an end and without a length', (status) => (socket) => endless(socket, 'connection: close', CHUNK, status)],
  ['in chunks without an end', (status) => (socket) => endless(socket, 'transfer-encoding: chunked', `10000\r\n${CHUNK}\r\n`, status)],
  ['compressed', (status) => (socket) => endless(socket, 'content-encoding: gzip\r\nconnection: close', gzipSync(CHUNK), status)],
]

describe.each(['200 OK', '302 Found', '403 Forbidden', '500 Internal Server Error'])('a body with status %s', (status) => {
  test.each(ENDLESS)('%s is abandoned at its limit', async (_name, answer) => {
    const control = await askAll(answer(status))
    expect(unavailable(control.outcomes)).toEqual([])
    const data = await askAll(behindEndpoint(answer(status)))
    const media = status === '200 OK' ? ['GetClip', 'GetMediaForFragmentList'] : []
    const others = Object.entries(data.outcomes).filter(([name]) => name !== 'GetDataEndpoint' && !media.includes(name))
    expect(others.filter(([, code]) => code !== 'KVS_UNAVAILABLE')).toEqual([])
    expect(control.grownMb + data.grownMb).toBeLessThan(MOST_GROWN_MB)
    if (media.length === 0) await until(() => server.openSockets <= CONTROL_PATHS.length)
  })
})

const BROKEN: readonly (readonly [name: string, answer: HostileAnswer])[] = [
  ['chunks of a byte without an end', (socket) => endless(socket, 'transfer-encoding: chunked', '1\r\n{\r\n'.repeat(1_000))],
  ['headers without an end', (socket) => writeMany(socket.setNoDelay(), `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(60_000)}\r\n`)],
  ['a header on and on', (socket) => writeMany(socket, 'HTTP/1.1 200 OK\r\nx-a: b\r\n')],
  [
    'interim answers on and on',
    async (socket) => {
      await writeMany(socket, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100), 50_000)
      socket.end()
    },
  ],
  ['chunk extensions on and on', (socket) => endless(socket, 'transfer-encoding: chunked', `1;${'a'.repeat(60_000)}`)],
  ['trailers on and on', (socket) => endless(socket, 'transfer-encoding: chunked', `0\r\nx-a: ${'a'.repeat(60_000)}\r\n`)],
  ['fewer bytes than announced', (socket) => void socket.end(`${head('content-length: 1000')}{"StreamInfo":`)],
  ['two lengths', (socket) => void socket.end(`${head('content-length: 2\r\ncontent-length: 3')}{}`)],
  ['no HTTP at all', (socket) => writeMany(socket, 'SSH-2.0-OpenSSH_9.6\r\n')],
]

describe('a response that violates HTTP, or almost', () => {
  test.each(BROKEN)('%s', async (_name, answer) => {
    const control = await askAll(answer)
    expect(unavailable(control.outcomes)).toEqual([])
    const data = await askAll(behindEndpoint(answer))
    const others = Object.entries(data.outcomes).filter(
      ([name]) => !['GetDataEndpoint', 'GetClip', 'GetMediaForFragmentList'].includes(name),
    )
    expect(others.filter(([, code]) => code !== 'KVS_UNAVAILABLE')).toEqual([])
    expect(control.grownMb + data.grownMb).toBeLessThan(MOST_GROWN_MB)
  })
})
