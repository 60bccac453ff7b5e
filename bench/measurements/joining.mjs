// Joining stored parts and sending the clip, beside ffmpeg's concat; and how soon a two-part clip's first byte comes.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { download, openConnection } from '../download.mjs'
import { createFootage } from '../footage.mjs'
import { requestClip, requestReadyClip, toClipInput } from '../gateway-client.mjs'
import { isInstalled } from '../installed.mjs'
import { clipRequest, createStream, uploadFootage } from '../kvs-client.mjs'
import { startGateway, startKvs } from '../processes.mjs'
import { median, medianOf, ratioOf, takeTurns, timed } from '../rounds.mjs'

const PART_FRAGMENTS = 200
const PARTS = 4
const PART_BYTES = 90_000_000
const FIRST_BYTE_ROUNDS = 9
/** Clips of as many but small fragments beforehand: a gateway that has served for a while runs compiled code. */
const WARM_UP_CLIPS = 30

export async function measureJoining({ folder, scale }) {
  const footage = await createFootage({ seconds: 1, bytes: (PART_BYTES * scale) / PART_FRAGMENTS })
  await using kvs = await startKvs({ dataDir: join(folder, 'kvs') })
  await using gateway = await startGateway({ dataDir: join(folder, 'gateway'), kvsUrl: kvs.url })
  const startMs = Date.now() - 3_600_000
  await createStream(kvs.url, 'camera')
  await uploadFootage(kvs.url, 'camera', { footage, count: PARTS * PART_FRAGMENTS, startMs })
  const rangeOf = (first, count) => ({
    startMs: startMs + first * footage.fragmentMs,
    endMs: startMs + (first + count - 1) * footage.fragmentMs,
  })
  const context = { folder, kvs, gateway, rangeOf }
  return [await measureJoin(context), ...(await measureFirstByte(context))]
}

async function warmUp({ kvs, gateway, rangeOf }) {
  const footage = await createFootage({ seconds: 1 })
  await createStream(kvs.url, 'small')
  await uploadFootage(kvs.url, 'small', { footage, count: 2 * PART_FRAGMENTS + WARM_UP_CLIPS, startMs: rangeOf(0, 1).startMs })
  for (let n = 0; n < WARM_UP_CLIPS; n += 1) {
    const { downloadUrl } = await requestClip(gateway.url, toClipInput('small', rangeOf(n, 2 * PART_FRAGMENTS)))
    await download(downloadUrl)
  }
}

async function measureJoin({ folder, kvs, gateway, rangeOf }) {
  const range = rangeOf(0, PARTS * PART_FRAGMENTS)
  const { sizeBytes } = await requestReadyClip(gateway.url, toClipInput('camera', range))
  // A name of its own makes a clip of its own, over the same stored parts.
  const ours = async (round) => {
    const { downloadUrl } = await requestClip(gateway.url, toClipInput('camera', range, { fileName: `round-${round}` }))
    return download(downloadUrl)
  }
  const row = { name: `${PARTS} stored parts joined and sent`, unit: 'MB/s', target: { of: 'ours', atLeast: 400 } }
  const speed = (results) => sizeBytes / 1000 / medianOf(results)
  const what = 'ffmpeg -f concat +faststart, not sent'
  if (!(await isInstalled('ffmpeg', '-version'))) {
    const { alone } = await takeTurns({ alone: (round) => timed(() => ours(round)) }, 5)
    return { ...row, ours: speed(alone), rival: { what, value: null } }
  }
  const list = await saveParts({ folder, kvs, rangeOf })
  const turns = await takeTurns(
    { ours: (round) => timed(() => ours(round)), ffmpeg: () => timed(() => concat(list, join(folder, 'joined.mp4'))) },
    5,
  )
  return { ...row, ours: speed(turns.ours), rival: { what, value: speed(turns.ffmpeg) }, ratio: ratioOf(turns.ffmpeg, turns.ours) }
}

async function saveParts({ folder, kvs, rangeOf }) {
  const names = []
  for (let part = 0; part < PARTS; part += 1) {
    const [url, request] = clipRequest(kvs.url, 'camera', rangeOf(part * PART_FRAGMENTS, PART_FRAGMENTS))
    const { body } = await fetch(url, request)
    names.push(`part-${part}.mp4`)
    await pipeline(Readable.fromWeb(body), createWriteStream(join(folder, `part-${part}.mp4`)))
  }
  const list = join(folder, 'parts.txt')
  await writeFile(list, names.map((name) => `file '${name}'\n`).join(''))
  return list
}

async function concat(list, clip) {
  const args = ['-v', 'error', '-y', '-f', 'concat', '-i', list, '-c', 'copy', '-movflags', '+faststart', clip]
  const [code] = await once(spawn('ffmpeg', args, { stdio: 'ignore' }), 'close')
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`)
}

/**
 * Each round begins a fragment later, so that no part is stored yet. The slower head has come to the gateway when the headers of its answer
 * have at the earliest: what is told is no less than what the gateway takes.
 */
async function measureFirstByte({ kvs, gateway, rangeOf }) {
  await warmUp({ kvs, gateway, rangeOf })
  const turns = await takeTurns(
    {
      gateway: async (round) => {
        await gateway.read()
        const connection = await openConnection(gateway.url)
        const began = performance.now()
        const { downloadUrl } = await requestClip(gateway.url, toClipInput('camera', rangeOf(1 + round, 2 * PART_FRAGMENTS)), connection)
        const asked = { atMs: sharedClockMs(), ms: performance.now() - began }
        const { firstByteMs } = await connection.download(downloadUrl)
        const { clipAnswersMs } = await gateway.read()
        return { ms: asked.ms + firstByteMs, behindHeadsMs: asked.atMs + firstByteMs - Math.max(...clipAnswersMs) }
      },
      direct: async (round) => {
        const parts = [0, 1].map((part) => rangeOf(1 + round + part * PART_FRAGMENTS, PART_FRAGMENTS))
        const connections = await Promise.all(parts.map(() => openConnection(kvs.url)))
        const heads = await Promise.all(parts.map((range, part) => connections[part].download(...clipRequest(kvs.url, 'camera', range))))
        return { ms: Math.max(...heads.map(({ headMs }) => headMs)) }
      },
    },
    FIRST_BYTE_ROUNDS,
  )
  return [
    {
      name: 'first byte of a two-part clip, later than the slower head',
      ours: median(turns.gateway.map(({ behindHeadsMs }) => behindHeadsMs)),
      unit: 'ms',
      target: { of: 'ours', atMost: 20 },
    },
    {
      name: 'the same with listing and planning, from the request on',
      ours: medianOf(turns.gateway),
      unit: 'ms',
      rival: { what: 'the slower head, both GetClips called directly at once', value: medianOf(turns.direct) },
    },
  ]
}

/** The clock by which the gateway tells when its answers came. */
function sharedClockMs() {
  return Number(process.hrtime.bigint()) / 1e6
}
