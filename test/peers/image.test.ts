import { once } from 'node:events'
import { chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createTestKey, writeKeys } from '../support/api-keys.js'
import { buildImage, type Container, type ContainerImage, startContainer } from '../support/container-image.js'
import { eventually } from '../support/eventually.js'
import { readFixture } from '../support/fixtures.js'
import { upload } from '../support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { freePort } from '../support/nginx.js'

const startMs = Math.floor(Date.now() / 1000) * 1000 - 600_000
const partner = createTestKey(['streams:read', 'clips:request'], ['*'])
let image: ContainerImage
let kvs: KvsTestServer
let folder: string
let port: number
let env: Record<string, string>

beforeAll(async () => {
  image = await buildImage()
  kvs = await startKvsTestServer()
  await upload(kvs, { streamName: 'yard', file: readFixture('h264-aac.mkv'), producerStartMs: startMs })
  folder = await mkdtemp(join(tmpdir(), 'clipgate-image-'))
  await writeKeys(join(folder, 'keys.json'), [partner])
  for (const path of [folder, join(folder, 'keys.json')]) await chown(path, 10_001, 10_001)
  port = await freePort()
  env = {
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    CLIP_URL_SECRETS: 'a secret of the test with more than 32 characters',
    API_KEYS_FILE: '/var/lib/clipgate/keys.json',
    KVS_ENDPOINT: kvs.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    SHUTDOWN_DELAY_MS: '500',
  }
}, 1_800_000)
afterAll(async () => {
  await kvs?.[Symbol.asyncDispose]()
  await image?.[Symbol.asyncDispose]()
  if (folder) await rm(folder, { recursive: true, force: true })
}, 120_000)

function start(changes: Readonly<Record<string, string>> = {}): Promise<Container> {
  return startContainer(image, { env: { ...env, ...changes }, volume: folder })
}

async function ask(query: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${partner.key}` }
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return response.json()
}

describe('the image', () => {
  test('runs as a user without rights, on a read-only file system, and serves a clip', async () => {
    await using container = await start()
    await eventually(async () => expect(await container.checkHealth()).toBe(0))
    const status = await readFile(`/proc/${container.child.pid}/status`, 'utf8')
    expect(status).toMatch(/^Uid:\t10001\t10001\t10001\t10001$/m)
    expect(status).toMatch(/^CapEff:\t0000000000000000$/m)
    const mounts = await readFile(`/proc/${container.child.pid}/mounts`, 'utf8')
    expect(mounts.split('\n').filter((line) => line.split(' ')[1] === '/' && /^ro\b/.test(line.split(' ')[3] ?? ''))).toHaveLength(1)
    const times = [startMs - 1000, startMs + 60_000].map((ms) => new Date(ms).toISOString())
    const input = `streamName: "yard", fragmentSelectorType: PRODUCER_TIMESTAMP, startTimestamp: "${times[0]}", endTimestamp: "${times[1]}"`
    const answer = await ask(`mutation { requestClip(input: { ${input} }) { clip { downloadUrl } issues { message } } }`)
    const [url = ''] = /http[^"]+/.exec(JSON.stringify(answer)) ?? []
    const clip = await fetch(url)
    expect([clip.status, clip.headers.get('content-type')]).toEqual([200, 'video/mp4'])
    expect((await clip.arrayBuffer()).byteLength).toBe(Number(clip.headers.get('content-length')))
    container.child.kill('SIGTERM')
    expect(await once(container.child, 'exit')).toEqual([0, null])
    expect(container.output()).not.toContain(url)
  })

  test('is unhealthy when nothing listens on its port', async () => {
    await using container = await start()
    await eventually(async () => expect(await container.checkHealth()).toBe(0))
    container.child.kill('SIGKILL')
    await once(container.child, 'close')
    expect(await container.checkHealth()).toBe(1)
  })

  test('names everything that a start without settings needs', async () => {
    await using container = await startContainer(image, { env: {}, volume: join(folder, 'empty') })
    const [code] = await once(container.child, 'close')
    expect(code).toBe(2)
    for (const name of ['HOST', 'PUBLIC_URL', 'CLIP_URL_SECRETS', 'API_KEYS_FILE', 'OIDC_ISSUER'])
      expect(container.output()).toContain(name)
    expect(container.output().trim().split('\n')).toHaveLength(1)
  })

  test('contains no tests, no development packages and no credentials of the build', async () => {
    expect((await readdir(join(image.root, 'app'))).toSorted()).toEqual([
      'LICENSE',
      'dist',
      'node_modules',
      'package.json',
      'schema.graphql',
    ])
    const packages = await readdir(join(image.root, 'app/node_modules'))
    for (const name of ['jest', 'typescript', 'node', '.bin/jest']) expect(packages).not.toContain(name)
    expect(await readdir(join(image.root, 'root'))).not.toContain('.npmrc')
  })
})
