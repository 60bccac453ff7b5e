import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createWideAgent } from '../../src/kvs/wide-agent.js'

const BODIES = [1, 65_537, 3_000_000, 8_000_000].map((bytes) => randomBytes(bytes))
const agent = createWideAgent({ keepAlive: true, maxSockets: 4 })
const server = createServer((request, response) => {
  const body = BODIES[Number(request.url?.slice(1))]
  if (body === undefined) response.destroy()
  // Half of the body, then the connection closes.
  else if (request.headers['x-cut'] === undefined) response.end(body)
  else response.writeHead(200, { 'content-length': body.byteLength }).write(body.subarray(0, body.byteLength / 2), () => response.destroy())
})

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => {
  agent.destroy()
  server.close()
})

function ask(index: number, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const address: string | AddressInfo | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen')
  return new Promise((resolve, reject) => {
    get({ port: address.port, host: '127.0.0.1', path: `/${index}`, agent, headers }, resolve).once('error', reject)
  })
}

async function read(answer: IncomingMessage): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of answer) hash.update(chunk)
  return hash.digest('hex')
}

function digestOf(index: number): string {
  return createHash('sha256')
    .update(BODIES[index] ?? '')
    .digest('hex')
}

describe('createWideAgent', () => {
  test('reads many responses on the same sockets without mixing their bytes', async () => {
    const requested = Array.from({ length: 24 }, (_, turn) => turn % BODIES.length)
    const received = await Promise.all(requested.map(async (index) => read(await ask(index))))
    expect(received).toEqual(requested.map(digestOf))
  })

  test('does not reuse the memory of chunks that were passed on', async () => {
    const held: Buffer[] = []
    for await (const chunk of await ask(2)) held.push(chunk)
    await read(await ask(3))
    expect(createHash('sha256').update(Buffer.concat(held)).digest('hex')).toBe(digestOf(2))
  })

  test('applies backpressure while a reader pauses', async () => {
    const answer = await ask(3)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(answer.readableLength).toBeLessThan(1_048_576)
    expect(await read(answer)).toBe(digestOf(3))
  })

  test('fails when a response is cut', async () => {
    await expect(read(await ask(3, { 'x-cut': '1' }))).rejects.toThrow('aborted')
  })
})
