import { mkdtemp, rm } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import Fastify, { type FastifyInstance } from 'fastify'
import { DiskPartStore } from '../../src/delivery/parts/disk-part-store.js'
import type { ClipContent } from '../../src/delivery/serve/clip-content.js'
import { clipRoute } from '../../src/http/clip-route.js'
import { toSlicedFile } from '../../src/media/mp4/slices.js'
import { fakeContent } from '../support/fake-content.js'
import { openSlicedClip } from '../support/opened-clips.js'
import { countingFetch } from '../support/part-bodies.js'

// More than the kernel takes of a connection that nobody reads.
const BYTES = Buffer.alloc(32 * 1024 * 1024, 'clip')
const IDLE_MS = 2_000

let open: (token: string) => Promise<ClipContent>
let ended: string[]
let app: FastifyInstance
let url = ''

beforeEach(async () => {
  ended = []
  app = Fastify({ forceCloseConnections: true })
  const downloads = { began: () => undefined, ended: (outcome: string) => void ended.push(outcome) }
  await app.register(clipRoute({ open: (token) => open(token), downloads, readerIdleTimeoutMs: IDLE_MS }))
  url = await app.listen({ port: 0, host: '127.0.0.1' })
})
afterEach(() => app.close())

/** An answer of which no byte is read before somebody listens to its data. */
function stalled(token: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(`${url}/clips/${token}/a.mp4`, { agent: false, headers }, resolve).on('error', reject)
  })
}

async function readAll(response: IncomingMessage): Promise<number> {
  let bytes = 0
  try {
    for await (const chunk of response) bytes += chunk.length
  } catch {
    // Its end says that it is not whole.
  }
  return bytes
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await wait(20)
}

describe('a reader that reads no byte', () => {
  test('of a REBUILT clip is disconnected, and can resume with a range', async () => {
    open = async () => fakeContent({ bytes: BYTES, etag: '"e"' })
    const response = await stalled('a')
    await until(() => ended.length === 1)
    expect(ended).toEqual(['aborted'])
    const got = await readAll(response)
    expect([response.complete, got < BYTES.byteLength]).toEqual([false, true])
    const rest = await stalled('a', { range: `bytes=${got}-`, 'if-range': '"e"' })
    expect([rest.statusCode, got + (await readAll(rest))]).toEqual([206, BYTES.byteLength])
  })

  test('of a PASSTHROUGH clip is not disconnected, because it cannot resume', async () => {
    open = async () => fakeContent({ bytes: BYTES, form: 'PASSTHROUGH' })
    const response = await stalled('a')
    await wait(3 * IDLE_MS)
    expect(ended).toEqual([])
    expect([await readAll(response), response.complete]).toEqual([BYTES.byteLength, true])
  })

  test('no longer holds parts of the store', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'clipgate-stalled-'))
    const readers = 3
    await using store = await DiskPartStore.open({ folder, capBytes: (readers + 0.5) * BYTES.byteLength })
    open = async (key) => {
      const layout = { etag: '"e"', file: toSlicedFile([{ kind: 'source', source: 0, offset: 0, length: BYTES.byteLength }]) }
      const description = { fileName: 'a.mp4', lastModifiedMs: 0, urlExpiresAtMs: Date.now() + 60_000 }
      return openSlicedClip(description, { parts: [await store.open(key, countingFetch(BYTES).fetch)], layout })
    }
    for (let reader = 0; reader < readers; reader += 1) await stalled(`clip-${reader}`)
    let status = 0
    while (status !== 200) {
      const response = await stalled('another')
      status = response.statusCode ?? 0
      const bytes = await readAll(response)
      if (status === 200 && bytes < BYTES.byteLength) status = 0
    }
    expect(ended.filter((outcome) => outcome === 'aborted').length).toBeGreaterThan(0)
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })
})

describe('a reader that is not disconnected', () => {
  test('may be slow', async () => {
    open = async () => fakeContent({ bytes: BYTES, etag: '"e"' })
    const response = await stalled('a')
    // At this speed the gateway's socket moves less than once in that time, because a third of the kernel's buffer is emptied first.
    const [bytesPerMs, startedAt] = [1_250, performance.now()]
    for (let bytes = 0; bytes < 5 * IDLE_MS * bytesPerMs; ) {
      const due = (performance.now() - startedAt) * bytesPerMs
      while (bytes < due) {
        const chunk = response.read(16_384)
        if (chunk === null) break
        bytes += chunk.length
      }
      await wait(20)
    }
    expect(ended).toEqual([])
    response.destroy()
    await until(() => ended.length === 1)
  })

  test('may wait for bytes that have not arrived yet', async () => {
    const next = Promise.withResolvers<void>()
    open = async () => fakeContent({ bytes: Buffer.alloc(100_000), etag: '"e"', beforeNext: () => next.promise })
    const response = await stalled('a')
    await wait(3 * IDLE_MS)
    next.resolve()
    expect([await readAll(response), response.complete]).toEqual([100_000, true])
  })
})
