import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { openMediaBody } from '../../src/kvs/media-body.js'
import { HostileServer } from '../support/hostile-server.js'
import { createKvsForTest, enoughTime } from '../support/kvs-for-test.js'

const LONG_MS = 120_000

/** Listens, but accepts no connection. Its queue is full, so the system does not complete a handshake either. */
async function startDeafServer(): Promise<AsyncDisposable & { readonly url: string }> {
  const program = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(child.stdout, 'data')
  const waiting = Array.from({ length: 8 }, (): Socket => connect(Number(port), '127.0.0.1').on('error', () => undefined))
  await Promise.race(waiting.map((socket) => once(socket, 'connect')))
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy()
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

describe('Kinesis Video that', () => {
  test('accepts no connection is not waited for', async () => {
    await using server = await startDeafServer()
    const kvs = createKvsForTest(server, { timeouts: { connectMs: 200, controlHeadersMs: LONG_MS, dataHeadersMs: LONG_MS } })
    await expect(kvs.check(enoughTime())).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE', message: /connection|timed out/i })
    kvs.close()
  })

  test.each(['sends no headers', 'sends half of its headers'])('%s is not waited for', async (what) => {
    await using server = await new HostileServer().listen()
    server.answer = (socket) => void (what.includes('half') && socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/js'))
    const kvs = createKvsForTest(server, { timeouts: { connectMs: LONG_MS, controlHeadersMs: 200, dataHeadersMs: LONG_MS } })
    await expect(kvs.check(enoughTime())).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE' })
    expect(server.paths).toEqual(['/listStreams'])
    kvs.close()
  })

  test('stops within a body is not waited for, and its connection is closed', async () => {
    await using server = await new HostileServer().listen()
    server.answer = (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nbegun')
    const request = get(server.url, { method: 'POST', headers: { 'content-length': 0 } })
    const [response]: IncomingMessage[] = await once(request, 'response')
    request.on('error', () => undefined)
    const body = openMediaBody(response, {
      operation: 'GetClip',
      maxBytes: 1000,
      onBytes: () => undefined,
      idleTimeoutMs: 100,
      signal: enoughTime(),
    })
    const read = async () => {
      for await (const chunk of body.bytes) expect(Buffer.from(chunk).toString()).toBe('begun')
    }
    await expect(read()).rejects.toMatchObject({
      code: 'KVS_UNAVAILABLE',
      message: 'The response of Kinesis Video to GetClip was incomplete.',
      cause: { message: 'no byte came for 100 ms' },
    })
    while (server.openSockets > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  })
})
