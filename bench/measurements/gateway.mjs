// requestClip and the download of its URL, beside GetClip called with the SDK: the same clip, fetched by both for the first time. A URL is
// read by whatever its user has, a browser, a player or curl, so that its reader costs as little as theirs; an SDK's answer is read by Node.
// What Node's own client makes of the URL is told too.
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { GetClipCommand, KinesisVideoArchivedMediaClient } from '@aws-sdk/client-kinesis-video-archived-media'
import { openConnection } from '../download.mjs'
import { createFootage } from '../footage.mjs'
import { requestClip, toClipInput } from '../gateway-client.mjs'
import { createStream, uploadFootage } from '../kvs-client.mjs'
import { startGateway, startKvs } from '../processes.mjs'
import { median, medianOf, ratioOf, takeTurns } from '../rounds.mjs'
import { touchMemory } from '../touched-memory.mjs'

/** As much as fits into one GetClip by the gateway's own margin. */
const FRAGMENTS = 47
const FRAGMENT_BYTES = 1_990_000
/** Clips of as many but small fragments beforehand: processes that have served for a while run compiled code. The first request of all is told by `get-clip`. */
const WARM_UP_CLIPS = 200
const agent = new Agent({ keepAlive: true })
const NODE_CLIENT = { connection: null, download: downloadInNode }
export const CREDENTIALS = { accessKeyId: 'bench', secretAccessKey: 'bench' }

export async function measureGateway({ folder, scale }) {
  const rounds = Math.max(5, Math.round(9 * scale))
  const footage = await createFootage({ seconds: 2, bytes: FRAGMENT_BYTES * scale })
  await using kvs = await startKvs({ dataDir: join(folder, 'kvs') })
  await using gateway = await startGateway({ dataDir: join(folder, 'gateway'), kvsUrl: kvs.url })
  const startMs = Date.now() - 3_600_000
  await createStream(kvs.url, 'camera')
  await uploadFootage(kvs.url, 'camera', { footage, count: FRAGMENTS + 2 * rounds, startMs })
  await createStream(kvs.url, 'small')
  const small = await createFootage({ seconds: 2 })
  await uploadFootage(kvs.url, 'small', { footage: small, count: FRAGMENTS + 3 * (WARM_UP_CLIPS + rounds + 1), startMs })
  // Each round begins a fragment later, so that nobody has the clip yet.
  const rangeOf = (round) => ({
    startMs: startMs + round * footage.fragmentMs,
    endMs: startMs + (round + FRAGMENTS - 1) * footage.fragmentMs,
  })
  const client = new KinesisVideoArchivedMediaClient({ endpoint: kvs.url, region: 'us-east-1', credentials: CREDENTIALS })
  const contestants = {
    gateway: (stream, range) => readThroughGateway(gateway.url, toClipInput(stream, range), openPage),
    direct: (stream, range) => readWithSdk(client, stream, range),
    inNode: (stream, range) => readThroughGateway(gateway.url, toClipInput(stream, range), () => NODE_CLIENT),
  }
  const names = Object.keys(contestants)
  const readSmall = (name, n) => contestants[name]('small', rangeOf(names.length * n + names.indexOf(name)))
  for (let n = 0; n < WARM_UP_CLIPS; n += 1) {
    for (const name of names) await readSmall(name, n)
  }
  // A small clip before each turn: touching memory has swept everybody's code out of the processor's caches.
  const turnOf = (name, offset) => async (round) => {
    await readSmall(name, WARM_UP_CLIPS + round)
    return contestants[name]('camera', rangeOf(round + offset))
  }
  const turns = await takeTurns(
    { gateway: turnOf('gateway', 0), direct: turnOf('direct', 0), inNode: turnOf('inNode', rounds) },
    rounds,
    () => touchMemory(folder, FRAGMENTS * FRAGMENT_BYTES),
  )
  client.destroy()
  agent.destroy()
  const firstByteOf = ({ firstByteMs }) => firstByteMs
  return [
    {
      name: 'requestClip and download of 94 MB, time',
      ours: medianOf(turns.gateway),
      unit: 'ms',
      rival: { what: 'GetClip with the SDK', value: medianOf(turns.direct) },
      ratio: ratioOf(turns.gateway, turns.direct),
      target: { of: 'ratio', atMost: 1.3 },
    },
    {
      name: 'the same, downloaded with node:http',
      ours: medianOf(turns.inNode),
      unit: 'ms',
      rival: { what: 'GetClip with the SDK', value: medianOf(turns.direct) },
      ratio: ratioOf(turns.inNode, turns.direct),
    },
    {
      name: 'first byte, later than with the SDK',
      ours: median(turns.gateway.map((result, round) => result.firstByteMs - turns.direct[round].firstByteMs)),
      unit: 'ms',
      rival: { what: 'its own first byte', value: medianOf(turns.direct, firstByteOf) },
      target: { of: 'ours', atMost: 15 },
    },
  ]
}

/** Connections are open before, as they are in the SDK, in browsers, and in Node's client. */
export async function readThroughGateway(gatewayUrl, input, openClient) {
  const { connection, download } = await openClient(gatewayUrl)
  const began = performance.now()
  const { downloadUrl } = await requestClip(gatewayUrl, input, connection)
  const requestedMs = performance.now() - began
  const { ms, firstByteMs } = await download(downloadUrl)
  return { ms: requestedMs + ms, firstByteMs: requestedMs + firstByteMs }
}

/** One connection for the question and for the download, as a page has. */
export async function openPage(gatewayUrl) {
  const connection = await openConnection(gatewayUrl)
  return { connection, download: (url) => connection.download(url) }
}

async function downloadInNode(url) {
  const began = performance.now()
  const response = await new Promise((resolve, reject) => get(url, { agent }, resolve).once('error', reject))
  if (response.statusCode !== 200) throw new Error(`the download answered ${response.statusCode}`)
  return drain(response, began)
}

export async function readWithSdk(client, stream, { startMs, endMs }) {
  const began = performance.now()
  const { Payload } = await client.send(
    new GetClipCommand({
      StreamName: stream,
      ClipFragmentSelector: {
        FragmentSelectorType: 'PRODUCER_TIMESTAMP',
        TimestampRange: { StartTimestamp: new Date(startMs), EndTimestamp: new Date(endMs) },
      },
    }),
  )
  return drain(Payload, began)
}

async function drain(stream, began) {
  let firstByteMs = null
  for await (const _ of stream) firstByteMs ??= performance.now() - began
  return { ms: performance.now() - began, firstByteMs }
}
