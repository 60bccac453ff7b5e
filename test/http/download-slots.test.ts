import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { expect, test } from '@jest/globals'
import Fastify from 'fastify'
import { clipRoute } from '../../src/http/clip-route.js'
import { DownloadSlots } from '../../src/http/download-slots.js'
import { eventually } from '../support/eventually.js'
import { fakeContent } from '../support/fake-content.js'

// More than the kernel takes of a connection that nobody reads.
const BYTES = Buffer.alloc(32 * 1024 * 1024, 'clip')

test('RATE_LIMIT_DOWNLOADS refuses one download too many, until another one ends', async () => {
  const app = Fastify({ forceCloseConnections: true })
  try {
    await app.register(
      clipRoute({ open: async (token) => fakeContent({ bytes: BYTES, etag: '"e"', principal: token }), slots: new DownloadSlots(2) }),
    )
    const address = await app.listen({ port: 0, host: '127.0.0.1' })
    const url = `${address}/clips/partner/a.mp4`
    const start = () => new Promise<IncomingMessage>((resolve, reject) => get(url, { agent: false }, resolve).on('error', reject))
    const [first, second] = [await start(), await start()]
    expect([first.statusCode, second.statusCode]).toEqual([200, 200])
    const refused = await fetch(url)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5'])
    expect(await refused.json()).toMatchObject({
      code: 'RATE_LIMITED',
      detail: 'You have 2 downloads at the same time, which is the limit. Retry when one has ended.',
    })
    // Another principal at the same address has slots of its own.
    expect((await fetch(`${address}/clips/operator/a.mp4`, { headers: { range: 'bytes=0-9' } })).status).toBe(206)
    // Requests without a body need no slot.
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(200)
    first.destroy()
    await once(first, 'close')
    await eventually(async () => expect((await fetch(url, { headers: { range: 'bytes=0-9' } })).status).toBe(206))
    second.destroy()
  } finally {
    await app.close()
  }
})
