// A gigabyte in, a gigabyte out, and a gigabyte through the gateway: memory at the end is what it was at the beginning.
import { join } from 'node:path'
import { download } from '../download.mjs'
import { createFootage } from '../footage.mjs'
import { requestClip, toClipInput } from '../gateway-client.mjs'
import { clipRequest, createStream, openUpload } from '../kvs-client.mjs'
import { startGateway, startKvs } from '../processes.mjs'

const TOTAL_BYTES = 1_000_000_000
const FRAGMENT_BYTES = 1_900_000
const CLIP_FRAGMENTS = 47
const QUARTERS = 4
const MB = 1_000_000
/** What the collector may leave for later in one quarter and not in another. */
const FLAT = { of: 'ours', atMost: 24 }

export async function measureFlatMemory({ folder, scale }) {
  const perQuarter = Math.max(CLIP_FRAGMENTS, Math.round((TOTAL_BYTES * scale) / FRAGMENT_BYTES / QUARTERS))
  const footage = await createFootage({ seconds: 2, bytes: FRAGMENT_BYTES })
  await using kvs = await startKvs({ dataDir: join(folder, 'kvs') })
  // A small store, so that making room is part of it.
  const env = { CLIP_STORE_BYTES: String(300 * MB) }
  await using gateway = await startGateway({ dataDir: join(folder, 'gateway'), kvsUrl: kvs.url, env })
  const startMs = Date.now() - 36_000_000
  const idle = { kvs: await kvs.settledBytes(), gateway: await gateway.settledBytes() }
  await createStream(kvs.url, 'camera')
  const incoming = await uploadInQuarters(kvs, { footage, perQuarter, startMs })
  const clips = Math.ceil((perQuarter * FRAGMENT_BYTES) / (CLIP_FRAGMENTS * FRAGMENT_BYTES))
  const last = QUARTERS * perQuarter - CLIP_FRAGMENTS
  const rangeOf = (n) => {
    const first = Math.round((n * last) / (QUARTERS * clips))
    return { startMs: startMs + first * footage.fragmentMs, endMs: startMs + (first + CLIP_FRAGMENTS - 1) * footage.fragmentMs }
  }
  const outgoing = await readInQuarters(kvs, clips, (n) => download(...clipRequest(kvs.url, 'camera', rangeOf(n))))
  const through = await readInQuarters(gateway, clips, async (n) => {
    const { downloadUrl } = await requestClip(gateway.url, toClipInput('camera', rangeOf(n)))
    await download(downloadUrl)
  })
  return [
    ...toRows('1 GB into the embedded KVS', incoming, idle.kvs),
    ...toRows('1 GB out of it', outgoing, idle.kvs),
    ...toRows('1 GB through the gateway', through, idle.gateway),
  ]
}

async function uploadInQuarters(kvs, { footage, perQuarter, startMs }) {
  const upload = openUpload(kvs.url, 'camera', { startMs })
  await upload.send([footage.header])
  const peaks = []
  for (let quarter = 0; quarter < QUARTERS; quarter += 1) {
    peaks.push(
      await kvs.peakBytesOf(async () => {
        for (let n = 0; n < perQuarter; n += 1) await upload.send(footage.fragment(quarter * perQuarter + n))
      }),
    )
  }
  await upload.finish()
  return peaks
}

async function readInQuarters(server, clips, read) {
  const peaks = []
  for (let quarter = 0; quarter < QUARTERS; quarter += 1) {
    peaks.push(
      await server.peakBytesOf(async () => {
        for (let n = 0; n < clips; n += 1) await read(quarter * clips + n)
      }),
    )
  }
  return peaks
}

function toRows(name, peaks, idleBytes) {
  return [
    {
      name: `${name}, growth of peak memory from the second quarter to the last`,
      ours: Math.max(0, peaks.at(-1) - peaks[1]) / MB,
      unit: 'MB',
      target: FLAT,
    },
    { name: `${name}, peak above idle`, ours: (Math.max(...peaks) - idleBytes) / MB, unit: 'MB' },
  ]
}
