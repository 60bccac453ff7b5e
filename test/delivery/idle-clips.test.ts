import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { DiskPartStore } from '../../src/delivery/parts/disk-part-store.js'
import { downloadClip, getClip, whenEnded } from '../support/clip-calls.js'
import { until } from '../support/clip-client.js'
import { askFor, type ClipHarness, startClipHarness, startFootage } from '../support/clip-harness.js'
import { footage, recording } from '../support/footage.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'

// A clip without readers stays open for a moment. It must not keep other clips out.

let server: KvsTestServer
let folder = ''
let store: DiskPartStore
let harness: ClipHarness

beforeEach(async () => {
  server = await startFootage([recording(Array.from({ length: 6 }, (_, index) => footage(index * 1000)))])
  folder = await mkdtemp(join(tmpdir(), 'clipgate-idle-'))
})
afterEach(async () => {
  await harness[Symbol.asyncDispose]()
  await store.close()
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function storedBytes(): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.part'))
  return (await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))).reduce((sum, size) => sum + size, 0)
}

test('idle clips are evicted for others in a store with room for one of them', async () => {
  store = await DiskPartStore.open({ folder, capBytes: 1e9 })
  harness = await startClipHarness(server.url, { store })
  const { sizeBytes } = await whenEnded(harness, await getClip(harness, askFor(0, 999)))
  await until(async () => (await storedBytes()) > (sizeBytes ?? 0) && !(await readdir(folder)).some((name) => name.endsWith('.tmp')))
  const capBytes = Math.ceil((await storedBytes()) * 1.5)
  await harness[Symbol.asyncDispose]()
  await store.close()
  await rm(folder, { recursive: true })
  store = await DiskPartStore.open({ folder, capBytes })
  harness = await startClipHarness(server.url, { store })
  for (const second of [0, 1, 2, 3]) {
    const clip = await whenEnded(harness, await getClip(harness, askFor(second * 1000, second * 1000 + 999)))
    expect(clip).toMatchObject({ state: 'READY' })
    expect((await downloadClip(harness, clip)).byteLength).toBe(clip.sizeBytes)
  }
})
