import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { DiskPartStore } from '../../../src/delivery/parts/disk-part-store.js'
import { collect, countingFetch, HandFedSource, patternBytes } from '../../support/part-bodies.js'

const SIGNAL = new AbortController().signal
const ALL = { start: 0, end: Number.MAX_SAFE_INTEGER }

let folder = ''
let store: DiskPartStore
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-discarded-'))
  store = await DiskPartStore.open({ folder, capBytes: 1e8 })
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

test('a discarded part stays available to its holders, and the next request fetches it again', async () => {
  const [wrong, right] = [patternBytes(200_000), patternBytes(300_000)]
  const held = await store.open('k', countingFetch(wrong).fetch)
  await held.whole(SIGNAL)
  await store.discard('k')
  expect(await store.has('k')).toBe(false)
  const next = await store.open('k', countingFetch(right).fetch)
  expect(next.origin).toBe('fetched')
  expect((await collect(next.read(ALL, SIGNAL))).equals(right)).toBe(true)
  expect((await collect(held.read(ALL, SIGNAL))).equals(wrong)).toBe(true)
  held.release()
  next.release()
})

test('a part that is discarded without holders is removed', async () => {
  const handle = await store.open('k', countingFetch(patternBytes(1000)).fetch)
  await handle.whole(SIGNAL)
  handle.release()
  await store.discard('k')
  expect([await store.has('k'), store.sizeBytes]).toEqual([false, 0])
  await store.discard('unknown')
})

test('a part that is discarded while it arrives is not stored, and the next request starts a second fetch', async () => {
  const source = new HandFedSource(null)
  const handle = await store.open('k', source.fetch)
  const discarding = store.discard('k')
  source.feed(patternBytes(1000))
  source.end()
  await discarding
  await handle.whole(SIGNAL)
  handle.release()
  expect([await store.has('k'), store.sizeBytes]).toEqual([false, 0])
})
