// A clip that is stored already, to 1, 8 and 64 readers, whole and in ranges: beside createReadStream, nginx, and nginx as a cache.
import { createWriteStream } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { download } from '../download.mjs'
import { createFootage } from '../footage.mjs'
import { requestReadyClip, toClipInput } from '../gateway-client.mjs'
import { isInstalled } from '../installed.mjs'
import { clipRequest, createStream, uploadFootage } from '../kvs-client.mjs'
import { startFileServer, startGateway, startKvs } from '../processes.mjs'
import { startNginx } from '../rivals/nginx.mjs'
import { median, ratioOf, takeTurns, timed } from '../rounds.mjs'

const FRAGMENTS = 50
const FRAGMENT_BYTES = 1_990_000
const READERS = [1, 8, 64]
const RANGE_BYTES = 1_048_576
/** One reader fetches as many ranges as the clip has mebibytes; of many, each a dozen, which together are as much or more. */
const RANGES_A_READER = { 1: 95, 8: 12, 64: 12 }
/** With many readers one round is long enough to be a mean of its own. */
const ROUNDS = { whole: { 1: 11, 8: 5, 64: 3 }, ranges: { 1: 11, 8: 15, 64: 5 } }
/** Beforehand: a server that has answered for a while runs compiled code. */
const WARM_UP_ROUNDS = 3
const CPU_ROUNDS = 5
/** A prime that leads all over the file. */
const STRIDE = 37_992_667

export async function measureStoredClip({ folder, scale }) {
  const files = join(folder, 'files')
  await mkdir(files)
  const footage = await createFootage({ seconds: 2, bytes: FRAGMENT_BYTES * scale })
  await using kvs = await startKvs({ dataDir: join(folder, 'kvs') })
  await using gateway = await startGateway({ dataDir: join(folder, 'gateway'), kvsUrl: kvs.url })
  const startMs = Date.now() - 3_600_000
  await createStream(kvs.url, 'camera')
  await uploadFootage(kvs.url, 'camera', { footage, count: FRAGMENTS, startMs })
  const range = { startMs, endMs: startMs + (FRAGMENTS - 1) * footage.fragmentMs }
  const { downloadUrl, sizeBytes } = await requestReadyClip(gateway.url, toClipInput('camera', range))
  await saveClip(downloadUrl, join(files, 'clip.mp4'))
  // A file for each: of one that two of them send, the second would find the bytes in the processor's caches.
  const ofNginx = join(folder, 'nginx-files')
  await cp(files, ofNginx, { recursive: true })
  await using fileServer = await startFileServer(files)
  await using stack = new AsyncDisposableStack()
  const nginx = (await isInstalled('nginx', '-v'))
    ? stack.use(await startNginx({ folder: join(folder, 'nginx'), root: ofNginx, kvsUrl: kvs.url }))
    : null
  const servers = [
    { name: 'gateway', process: gateway, request: () => [downloadUrl, {}] },
    { name: 'plain', process: fileServer, request: () => [`${fileServer.url}/files/clip.mp4`, {}] },
    ...(nginx === null
      ? []
      : [
          { name: 'sendfile', process: nginx, request: () => [`${nginx.url}/files/clip.mp4`, {}] },
          { name: 'cache', process: nginx, request: () => clipRequest(nginx.url, 'camera', range) },
        ]),
  ]
  const rows = []
  for (const mode of ['whole', 'ranges']) {
    for (const readers of READERS) rows.push(...(await measureReaders({ servers, mode, readers, sizeBytes })))
  }
  return rows
}

async function saveClip(url, path) {
  const response = await fetch(url)
  await pipeline(Readable.fromWeb(response.body), createWriteStream(path))
}

async function measureReaders({ servers, mode, readers, sizeBytes }) {
  const readAll = mode === 'whole' ? readWhole : readRanges
  const contestants = servers
    // nginx does not cut ranges out of what it answers to a POST.
    .filter(({ name }) => mode === 'whole' || name !== 'cache')
    .map(({ name, process, request }) => {
      const readOne = (_, reader) => readAll(request(), { sizeBytes, reader, ranges: RANGES_A_READER[readers] })
      return { name, process, read: async () => sum(await Promise.all(Array.from({ length: readers }, readOne))) }
    })
  const timedOf = Object.fromEntries(contestants.map(({ name, read }) => [name, () => timed(read)]))
  await takeTurns(timedOf, WARM_UP_ROUNDS)
  const turns = await takeTurns(timedOf, ROUNDS[mode][readers])
  const what = `${readers} ${readers === 1 ? 'reader' : 'readers'}, ${mode === 'whole' ? 'whole' : 'ranges of 1 MiB'}`
  return toRows(turns, await measureCpu(contestants), what)
}

/** By itself: to ask a process what it has spent, between turns of a few milliseconds, takes its code out of the processor's caches. */
async function measureCpu(contestants) {
  const cpu = {}
  for (const { name, process, read } of contestants) {
    const { cpuSeconds, result } = await process.spentOn(async () => {
      let bytes = 0
      for (let round = 0; round < CPU_ROUNDS; round += 1) bytes += await read()
      return bytes
    })
    cpu[name] = cpuSeconds / (result / 1e9)
  }
  return cpu
}

async function readWhole([url, request]) {
  return (await download(url, request)).bytes
}

/** As a player that seeks: one range after the other, each somewhere else, at the same places for every server. */
async function readRanges([url, request], { sizeBytes, reader, ranges }) {
  const bytes = Math.min(RANGE_BYTES, Math.floor(sizeBytes / 2))
  let total = 0
  for (let n = 0; n < ranges; n += 1) {
    const start = (STRIDE * (reader * ranges + n + 1)) % (sizeBytes - bytes)
    const headers = { ...request.headers, range: `bytes=${start}-${start + bytes - 1}` }
    total += (await download(url, { ...request, headers })).bytes
  }
  return total
}

function toRows(turns, cpu, what) {
  const { gateway, plain, sendfile, cache } = turns
  const speed = (results) => median(results.map(({ ms, result }) => result / 1000 / ms))
  const base = { ours: speed(gateway), unit: 'MB/s' }
  const beside = (name, results, target) => ({
    ...base,
    name: what,
    rival: { what: name, value: results === undefined ? null : speed(results) },
    ...(results === undefined ? {} : { ratio: ratioOf(results, gateway, ({ ms, result }) => ms / result) }),
    ...(target === undefined ? {} : { target }),
  })
  const beCheap = (name, rival) => ({
    name: `${what}, CPU a GB`,
    ours: cpu.gateway,
    unit: 's',
    rival: { what: name, value: rival ?? null },
    ...(rival === undefined ? {} : { ratio: cpu.gateway / rival }),
  })
  const rows = [
    beside('createReadStream', plain, { of: 'ratio', atLeast: 0.8 }),
    beside('nginx sendfile', sendfile),
    beCheap('createReadStream', cpu.plain),
  ]
  if (what.includes('ranges')) return rows
  return [...rows, beside('nginx caching proxy', cache), beCheap('nginx caching proxy', cpu.cache)]
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0)
}
