import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { WebSocket, WebSocketServer } from 'ws'
import { SendBuffers } from '../../src/http/send-buffers.js'

const LIMITS = { bytesPerSocket: 1_000_000, totalBytes: 5_000_000 }
const CLOSED = [1013, Buffer.from('This client reads too slowly.')]
/** More than the operating system takes for a client that does not read. */
const TEXT = 'x'.repeat(900_000)
let server: WebSocketServer

beforeEach(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
})
afterEach(() => {
  for (const client of server.clients) client.terminate()
  server.close()
})

async function connect(): Promise<{ readonly client: WebSocket; readonly socket: WebSocket }> {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen')
  const connected = once(server, 'connection')
  const client = new WebSocket(`ws://127.0.0.1:${address.port}`)
  const [[socket]] = await Promise.all([connected, once(client, 'open')])
  return { client, socket }
}

/** Sends until the socket takes no more. */
async function fill(buffers: SendBuffers, socket: WebSocket): Promise<void> {
  const sent: Promise<void>[] = []
  while (socket.readyState === socket.OPEN && sent.length < 100) {
    sent.push(buffers.send(socket, TEXT))
    await new Promise(setImmediate)
  }
}

describe('the buffer of a client', () => {
  test('is empty once the client has read everything', async () => {
    const buffers = new SendBuffers(LIMITS)
    const { client, socket } = await connect()
    for (let index = 0; index < 20; index += 1) await buffers.send(socket, TEXT)
    expect(buffers.totalBytes).toBe(0)
    expect(client.readyState).toBe(client.OPEN)
  })

  test('closes a socket above its limit, and the client receives the reason when it reads', async () => {
    const buffers = new SendBuffers(LIMITS)
    const { client, socket } = await connect()
    client.pause()
    await fill(buffers, socket)
    expect(socket.readyState).toBe(socket.CLOSING)
    expect(buffers.totalBytes).toBe(0)
    const closed = once(client, 'close')
    client.resume()
    expect(await closed).toEqual(CLOSED)
    if (socket.readyState !== socket.CLOSED) await once(socket, 'close')
    expect(buffers.totalBytes).toBe(0)
  })

  test('closes the slowest socket when the total exceeds its limit, and keeps the others', async () => {
    const buffers = new SendBuffers({ bytesPerSocket: 4_000_000, totalBytes: 4_500_000 })
    const slow = await connect()
    const reader = await connect()
    slow.client.pause()
    while (buffers.totalBytes < 3_500_000) {
      void buffers.send(slow.socket, TEXT)
      await new Promise(setImmediate)
    }
    const sent = [1, 2].map(() => buffers.send(reader.socket, TEXT))
    expect([slow.socket.readyState, reader.socket.readyState]).toEqual([WebSocket.CLOSING, WebSocket.OPEN])
    await Promise.all(sent)
  })

  test('does not count a failed socket', async () => {
    const buffers = new SendBuffers(LIMITS)
    const { client, socket } = await connect()
    client.pause()
    await fill(buffers, socket)
    client.terminate()
    if (socket.readyState !== socket.CLOSED) await once(socket, 'close')
    await new Promise(setImmediate)
    expect(buffers.totalBytes).toBe(0)
  })
})
