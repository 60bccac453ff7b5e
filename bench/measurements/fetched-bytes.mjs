// Bytes fetched from Kinesis Video for each byte of distinct clips: for one clip asked for again and again, for a crowd, and for a day.
import { join } from 'node:path'
import { download } from '../download.mjs'
import { createFootage } from '../footage.mjs'
import { requestReadyClip, toClipInput } from '../gateway-client.mjs'
import { createStream, readMetric, uploadFootage } from '../kvs-client.mjs'
import { startGateway, startKvs } from '../processes.mjs'

const FRAGMENTS = 1800
const FRAGMENT_BYTES = 60_000
const REPEATS = 30
const REQUESTS_A_DAY = 300
const INCIDENTS = 40
const SIDE_BY_SIDE = 4
const ONCE = { of: 'ratio', atMost: 1.005 }
/** Of a clip that is joined from parts of 200 fragments. */
const EDGES = 2
const PART_FRAGMENTS = 200
const EDGE_FRAGMENTS = { of: 'ours', atMost: 2 }

export async function measureFetchedBytes({ folder, scale }) {
  const footage = await createFootage({ seconds: 2, bytes: FRAGMENT_BYTES })
  await using kvs = await startKvs({ dataDir: join(folder, 'kvs') })
  await using gateway = await startGateway({ dataDir: join(folder, 'gateway'), kvsUrl: kvs.url })
  const startMs = Date.now() - 2 * FRAGMENTS * footage.fragmentMs
  await createStream(kvs.url, 'camera')
  await uploadFootage(kvs.url, 'camera', { footage, count: FRAGMENTS, startMs })
  const toInput = ({ first, count }) =>
    toClipInput('camera', { startMs: startMs + first * footage.fragmentMs, endMs: startMs + (first + count - 1) * footage.fragmentMs })
  const ask = async (choices, sideBySide) => {
    const fetched = () => readMetric(kvs.url, 'kvs_get_clip_outgoing_bytes_total')
    const before = await fetched()
    const clips = await askAll(gateway, choices.map(toInput), sideBySide)
    const distinct = new Map(clips.map(({ id, sizeBytes }) => [id, Number(sizeBytes)]))
    return { fetched: (await fetched()) - before, distinct: [...distinct.values()].reduce((sum, bytes) => sum + bytes, 0) }
  }
  const readEdges = () => readMetric(kvs.url, 'kvs_get_media_for_fragment_list_outgoing_bytes_total')
  const edgesBefore = await readEdges()
  const repeated = await ask(Array(REPEATS).fill({ first: 0, count: 450 }), 1)
  const edgeFragments = ((await readEdges()) - edgesBefore) / FRAGMENT_BYTES
  const simultaneous = await ask(Array(REPEATS).fill({ first: 500, count: 450 }), REPEATS)
  const day = await ask(chooseDay(Math.max(40, Math.round(REQUESTS_A_DAY * scale))), SIDE_BY_SIDE)
  return [
    toRow('the same clip again and again', repeated, ONCE),
    {
      name: 'fragments read for each edge and border of that clip',
      ours: edgeFragments / (EDGES + Math.ceil(450 / PART_FRAGMENTS) - 1),
      unit: 'fragments',
      target: EDGE_FRAGMENTS,
    },
    toRow('the same clip many times at once', simultaneous, ONCE),
    toRow('a day of mixed requests, some overlapping', day),
  ]
}

async function askAll(gateway, inputs, sideBySide) {
  const clips = []
  const waiting = inputs.values()
  const work = async () => {
    for (const input of waiting) {
      const clip = await requestReadyClip(gateway.url, input)
      await download(clip.downloadUrl)
      clips.push(clip)
    }
  }
  await Promise.all(Array.from({ length: sideBySide }, work))
  return clips
}

/** Incidents that several people look at: the same minutes mostly, a little earlier or longer now and then. The same day each time. */
function chooseDay(requests) {
  let state = 1
  const random = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
  const incidents = Array.from({ length: INCIDENTS }, () => ({ first: 1000 + random(300), count: 15 + random(400) }))
  return Array.from({ length: requests }, () => {
    // Squared: few incidents are popular.
    const { first, count } = incidents[Math.floor((random(1000) / 1000) ** 2 * INCIDENTS)]
    const isChanged = random(4) === 0
    return isChanged ? { first: first - random(10), count: count + random(20) } : { first, count }
  })
}

function toRow(name, { fetched, distinct }, target) {
  return {
    name: `${name}, bytes fetched`,
    ours: fetched / 1e6,
    unit: 'MB',
    rival: { what: 'bytes of distinct clips', value: distinct / 1e6 },
    ratio: fetched / distinct,
    ...(target === undefined ? {} : { target }),
  }
}
