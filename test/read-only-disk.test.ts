import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { until } from './support/clip-client.js'
import { readFixture } from './support/fixtures.js'
import { startTestGateway, type TestGateway, upload } from './support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from './support/kvs-test-server.js'

const mount = (...args: string[]) => spawnSync('mount', args).status === 0
const mayMount =
  spawnSync('sh', ['-c', 'd=$(mktemp -d) && mount -t tmpfs none "$d" && umount "$d"; e=$?; rmdir "$d"; exit $e']).status === 0

const START = Date.now() - 3_600_000
const INPUT = {
  streamName: 'dock',
  fragmentSelectorType: 'PRODUCER_TIMESTAMP',
  startTimestamp: new Date(START - 60_000).toISOString(),
  endTimestamp: new Date(START + 60_000).toISOString(),
}
const REQUEST = 'mutation ($input: ClipInput!) { requestClip(input: $input) { clip { id state downloadUrl } } }'

let kvs: KvsTestServer
let folder = ''
const gateways: TestGateway[] = []

async function startGateway(): Promise<TestGateway> {
  const gateway = await startTestGateway(kvs, { DATA_DIR: folder })
  gateways.push(gateway)
  return gateway
}

beforeEach(async () => {
  kvs = await startKvsTestServer()
  folder = await mkdtemp(join(tmpdir(), 'clipgate-read-only-'))
  if (mayMount) mount('-t', 'tmpfs', '-o', 'size=64m', 'none', folder)
  await upload(kvs, { streamName: 'dock', file: readFixture('h264-only.mkv'), producerStartMs: START })
})
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]()
  await kvs[Symbol.asyncDispose]()
  if (mayMount) spawnSync('umount', ['-l', folder])
  await rm(folder, { recursive: true, force: true })
})

const describeMounted = mayMount ? describe : describe.skip

describeMounted('a gateway whose disk is read-only (skipped where mounting is not permitted)', () => {
  test('starts and serves the stored clips', async () => {
    const before = await startGateway()
    const url = await readyUrl(before)
    const bytes = await (await fetch(url)).arrayBuffer()
    await before.gateway.close()
    expect(mount('-o', 'remount,ro', folder)).toBe(true)
    const after = await startGateway()
    const again = await fetch(new URL(new URL(url).pathname, after.url))
    expect(again.status).toBe(200)
    expect(Buffer.from(await again.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true)
  }, 60_000)

  test('starts without a file of revocations, and fails to revoke instead of forgetting it', async () => {
    const before = await startGateway()
    const url = await readyUrl(before)
    await before.gateway.close()
    await rm(join(folder, 'revocations.sqlite'))
    expect(mount('-o', 'remount,ro', folder)).toBe(true)
    const after = await startGateway()
    expect((await fetch(new URL(new URL(url).pathname, after.url))).status).toBe(200)
    const { data } = await after.ask(REQUEST, { input: INPUT })
    const { requestClip } = data as { requestClip: { clip: { id: string } } }
    const { errors } = await after.ask(`mutation { revokeClipUrls(clipId: "${requestClip.clip.id}") { revokedBefore } }`)
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }])
  }, 60_000)
})

async function readyUrl(gateway: TestGateway): Promise<string> {
  let url = ''
  await until(async () => {
    const { data } = (await gateway.ask(REQUEST, { input: INPUT })) as {
      data: { requestClip: { clip: { state: string; downloadUrl: string } } }
    }
    url = data.requestClip.clip.downloadUrl
    return data.requestClip.clip.state === 'READY'
  })
  return url
}
