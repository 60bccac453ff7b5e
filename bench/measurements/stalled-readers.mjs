// What a clip in flight and a reader who takes nothing cost, in the embedded KVS and in the gateway; and how many fetches a crowd makes.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { download, stall } from '../download.mjs'
import { createFootage } from '../footage.mjs'
import { requestClip, requestReadyClip, toClipInput } from '../gateway-client.mjs'
import { clipRequest, createStream, readMetric, uploadFootage } from '../kvs-client.mjs'
import { startGateway, startKvs } from '../processes.mjs'

const FRAGMENTS = 47
const FRAGMENT_BYTES = 2_000_000
const IN_FLIGHT = 8
const STALLED = 20
const CROWD = 1000
const SETTLE_MS = 2500
const OPEN_WITHIN_MS = 60_000
const MB = 1_000_000

export async function measureStalledReaders({ folder, scale }) {
  const footage = await createFootage({ seconds: 2, bytes: FRAGMENT_BYTES * scale })
  await using kvs = await startKvs({ dataDir: join(folder, 'kvs') })
  await using gateway = await startGateway({ dataDir: join(folder, 'gateway'), kvsUrl: kvs.url })
  const startMs = Date.now() - 3_600_000
  await createStream(kvs.url, 'camera')
  await uploadFootage(kvs.url, 'camera', { footage, count: FRAGMENTS + 2 * IN_FLIGHT + 1, startMs })
  const rangeOf = (first) => ({
    startMs: startMs + first * footage.fragmentMs,
    endMs: startMs + (first + FRAGMENTS - 1) * footage.fragmentMs,
  })
  // The first clips make room that the later ones use again.
  await fetchSideBySide(
    gateway,
    Array.from({ length: IN_FLIGHT }, (_, i) => toClipInput('camera', rangeOf(i))),
  )
  const inFlight = await measureInFlight({
    kvs,
    gateway,
    inputs: Array.from({ length: IN_FLIGHT }, (_, i) => toClipInput('camera', rangeOf(IN_FLIGHT + i))),
  })
  const stalledInKvs = await measureStalled(kvs, {
    readers: STALLED,
    open: () => stall(...clipRequest(kvs.url, 'camera', rangeOf(0))),
  })
  const crowd = await measureCrowd({ kvs, gateway, input: toClipInput('camera', rangeOf(2 * IN_FLIGHT)) })
  const { downloadUrl } = await requestReadyClip(gateway.url, toClipInput('camera', rangeOf(0)))
  await download(downloadUrl)
  const countOpen = () => readMetric(gateway.url, 'clipgate_clip_downloads_active')
  const stalledInGateway = await measureStalled(gateway, { readers: STALLED, open: () => stall(downloadUrl), countOpen })
  const thousandStalled = await measureStalled(gateway, { readers: CROWD, open: () => stall(downloadUrl), countOpen })
  return [
    ...inFlight,
    { name: '20 stalled GetClips of 94 MB, memory each', ours: stalledInKvs / MB, unit: 'MB', target: { of: 'ours', atMost: 5 } },
    { name: '20 stalled downloads of 94 MB, memory each', ours: stalledInGateway / MB, unit: 'MB', target: { of: 'ours', atMost: 5 } },
    { name: '1,000 stalled downloads, memory each', ours: thousandStalled / 1024, unit: 'KiB', target: { of: 'ours', atMost: 256 } },
    crowd,
  ]
}

async function fetchSideBySide(gateway, inputs) {
  await Promise.all(
    inputs.map(async (input) => {
      const { downloadUrl } = await requestClip(gateway.url, input)
      await download(downloadUrl)
    }),
  )
}

async function measureInFlight({ kvs, gateway, inputs }) {
  const idle = { kvs: await kvs.settledBytes(), gateway: await gateway.settledBytes() }
  const peak = {}
  peak.kvs = await kvs.peakBytesOf(async () => {
    peak.gateway = await gateway.peakBytesOf(() => fetchSideBySide(gateway, inputs))
  })
  return ['kvs', 'gateway'].map((name) => ({
    name: `${inputs.length} clips of 94 MB in flight, peak memory each, ${name === 'kvs' ? 'embedded KVS' : 'gateway'}`,
    ours: Math.max(0, peak[name] - idle[name]) / inputs.length / MB,
    unit: 'MB',
    target: { of: 'ours', atMost: 5 },
  }))
}

/** Bytes for each reader that has asked and takes nothing. */
async function measureStalled(server, { readers, open, countOpen = null }) {
  const idle = await server.settledBytes()
  const ends = Array.from({ length: readers }, open)
  if (countOpen !== null) await untilCounted(countOpen, readers)
  // The sockets fill up, and slow readers are given small buffers.
  await sleep(SETTLE_MS)
  const stalled = await server.settledBytes()
  for (const end of ends) end()
  // Whoever was cut off is counted when that is noticed.
  await (countOpen === null ? sleep(SETTLE_MS) : untilCounted(countOpen, 0))
  return Math.max(0, stalled - idle) / readers
}

async function untilCounted(count, expected) {
  const deadline = performance.now() + OPEN_WITHIN_MS
  while ((await count()) !== expected) {
    if (performance.now() > deadline) throw new Error(`${await count()} downloads are open where ${expected} should be`)
    await sleep(100)
  }
}

async function measureCrowd({ kvs, gateway, input }) {
  const count = () => readMetric(kvs.url, 'kvs_get_clip_requests_total')
  const before = await count()
  const clips = await Promise.all(Array.from({ length: CROWD }, () => requestClip(gateway.url, input)))
  if (new Set(clips.map(({ id }) => id)).size !== 1) throw new Error('equal requests were given different ids')
  await download(clips[0].downloadUrl)
  return {
    name: '1,000 equal requestClip at once, GetClip calls',
    ours: (await count()) - before,
    unit: 'calls',
    target: { of: 'ours', atMost: 1 },
  }
}
