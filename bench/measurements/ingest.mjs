// PutMedia of footage as fast as it goes in, beside a bare server that writes the body to synced files of the same size and looks at nothing.

import { mkdir } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { createFootage } from '../footage.mjs'
import { createStream, uploadFootage } from '../kvs-client.mjs'
import { startFileServer, startKvs } from '../processes.mjs'
import { medianOf, ratioOf, takeTurns } from '../rounds.mjs'
import { touchMemory } from '../touched-memory.mjs'

const FRAGMENT_BYTES = 2_000_000
const FRAGMENTS = 100
/** Uploads of as much beforehand: a server that has taken in a gigabyte runs compiled code, a new one takes half as much CPU again. */
const WARM_UP_UPLOADS = 5

export async function measureIngest({ folder, scale }) {
  const count = Math.max(10, Math.round(FRAGMENTS * scale))
  const rows = []
  for (const codec of ['h264', 'hevc']) rows.push(...(await measureCodec({ folder, count, codec, rounds: 5 })))
  return rows
}

async function measureCodec({ folder, count, codec, rounds }) {
  const footage = await createFootage({ codec, seconds: 2, bytes: FRAGMENT_BYTES })
  const bytes = footage.header.byteLength + count * footage.fragment(0).reduce((sum, part) => sum + part.byteLength, 0)
  const files = join(folder, `${codec}-files`)
  await mkdir(files)
  await using kvs = await startKvs({ dataDir: join(folder, codec) })
  await using fileServer = await startFileServer(files)
  const contestants = {
    ours: async (round) => {
      await createStream(kvs.url, `${codec}-${round}`)
      const upload = () => uploadFootage(kvs.url, `${codec}-${round}`, { footage, count, startMs: Date.now() - 3_600_000 })
      return kvs.spentOn(upload)
    },
    sink: () => fileServer.spentOn(() => sendPlainly(fileServer.url, footage, count)),
  }
  for (let n = 0; n < WARM_UP_UPLOADS; n += 1) {
    for (const upload of Object.values(contestants)) await upload(`warm-up-${n}`)
  }
  const turns = await takeTurns(contestants, rounds, () => touchMemory(folder, bytes))
  const perGb = (spent) => spent.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) / ((rounds * bytes) / 1e9)
  const speed = (results) => bytes / 1000 / medianOf(results)
  return [
    {
      name: `PutMedia, ${codec} and AAC, until all is PERSISTED`,
      ours: speed(turns.ours),
      unit: 'MB/s',
      rival: { what: 'synced files alone', value: speed(turns.sink) },
      ratio: ratioOf(turns.sink, turns.ours),
      target: { of: 'ours', atLeast: 300 },
    },
    {
      name: `CPU a GB taken in, ${codec}`,
      ours: perGb(turns.ours),
      unit: 's',
      rival: { what: 'synced files alone', value: perGb(turns.sink) },
      target: { of: 'ours', atMost: 2 },
    },
  ]
}

function sendPlainly(url, footage, count) {
  return new Promise((resolve, reject) => {
    const call = request(`${url}/sink`, { method: 'POST', headers: { 'transfer-encoding': 'chunked' } }, (response) => {
      response.resume().once('end', resolve)
    })
    call.once('error', reject)
    sendAll(call, footage, count).catch(reject)
  })
}

async function sendAll(call, footage, count) {
  for (let n = 0; n < count; n += 1) {
    for (const part of footage.fragment(n)) if (!call.write(part)) await new Promise((resolve) => call.once('drain', resolve))
  }
  call.end()
}
