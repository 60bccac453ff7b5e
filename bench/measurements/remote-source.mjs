// requestClip and the download of its URL, beside GetClip with the SDK, from sources that behave like AWS: one behind TLS, and one that
// sends as fast as AWS allows for a stream.
import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { KinesisVideoArchivedMediaClient } from '@aws-sdk/client-kinesis-video-archived-media'
import { createFootage } from '../footage.mjs'
import { toClipInput } from '../gateway-client.mjs'
import { isInstalled } from '../installed.mjs'
import { callKvs, createStream, uploadFootage } from '../kvs-client.mjs'
import { startGateway, startKvs, startTlsProxy } from '../processes.mjs'
import { createCertificate } from '../rivals/tls-proxy.mjs'
import { median, medianOf, ratioOf, takeTurns } from '../rounds.mjs'
import { CREDENTIALS, openPage, readThroughGateway, readWithSdk } from './gateway.mjs'

const FRAGMENT_BYTES = 1_990_000
/** 94 MB over TLS, and a second of what AWS sends for a stream: 25 MB/s. */
const TLS_FRAGMENTS = 47
const PACED_FRAGMENTS = 12
const PACED_BYTES_PER_SECOND = 25_000_000
const WARM_UP_CLIPS = 100

export async function measureTlsSource({ folder, scale }) {
  const name = 'requestClip and download of 94 MB from a source behind TLS, time'
  if (!(await isInstalled('openssl', 'version'))) return [{ name, ours: null, unit: 'ms' }]
  const { cert, key } = await createCertificate(join(folder, 'tls'))
  await using kvs = await startKvs({ dataDir: join(folder, 'kvs') })
  await using proxy = await startTlsProxy(kvs.url, { cert, key })
  const env = { NODE_EXTRA_CA_CERTS: cert }
  await using gateway = await startGateway({ dataDir: join(folder, 'gateway'), kvsUrl: proxy.url, env })
  const httpsAgent = new Agent({ keepAlive: true, ca: await readFile(cert) })
  const client = createClient(proxy.url, { requestHandler: { httpsAgent } })
  const turns = await compare({ kvs, gateway, client, fragments: TLS_FRAGMENTS, rounds: Math.max(5, Math.round(9 * scale)), scale })
  client.destroy()
  return toRows(turns, { name, atMost: 1.3, source: 'behind TLS' })
}

export async function measurePacedSource({ folder, scale }) {
  await using kvs = await startKvs({ dataDir: join(folder, 'kvs'), env: { KVS_FAULTS: 'true' } })
  await using gateway = await startGateway({ dataDir: join(folder, 'gateway'), kvsUrl: kvs.url })
  const client = createClient(kvs.url)
  const slow = { operation: 'GetClip', stream: 'camera', fault: { kind: 'slow', bytesPerSecond: PACED_BYTES_PER_SECOND } }
  await callKvs(kvs.url, '/_faults', slow)
  const turns = await compare({ kvs, gateway, client, fragments: PACED_FRAGMENTS, rounds: 5, scale })
  client.destroy()
  return toRows(turns, { name: 'requestClip and download of 24 MB from a source of 25 MB/s, time', atMost: 1.1, source: 'of 25 MB/s' })
}

function createClient(endpoint, options = {}) {
  return new KinesisVideoArchivedMediaClient({ endpoint, region: 'us-east-1', credentials: CREDENTIALS, ...options })
}

async function compare({ kvs, gateway, client, fragments, rounds, scale }) {
  const footage = await createFootage({ seconds: 2, bytes: FRAGMENT_BYTES * scale })
  const small = await createFootage({ seconds: 2 })
  const startMs = Date.now() - 3_600_000
  await createStream(kvs.url, 'camera')
  await uploadFootage(kvs.url, 'camera', { footage, count: fragments + rounds + 1, startMs })
  await createStream(kvs.url, 'small')
  await uploadFootage(kvs.url, 'small', { footage: small, count: fragments + WARM_UP_CLIPS, startMs })
  // Each round begins a fragment later, so that no clip is stored yet.
  const rangeOf = (round) => ({
    startMs: startMs + round * footage.fragmentMs,
    endMs: startMs + (round + fragments - 1) * footage.fragmentMs,
  })
  const contestants = {
    gateway: (stream, range) => readThroughGateway(gateway.url, toClipInput(stream, range), openPage),
    direct: (stream, range) => readWithSdk(client, stream, range),
  }
  for (let n = 0; n < WARM_UP_CLIPS; n += 1) {
    for (const read of Object.values(contestants)) await read('small', rangeOf(n))
  }
  const turnOf = (name) => (round) => contestants[name]('camera', rangeOf(round))
  return takeTurns({ gateway: turnOf('gateway'), direct: turnOf('direct') }, rounds)
}

function toRows({ gateway, direct }, { name, atMost, source }) {
  const firstByteOf = ({ firstByteMs }) => firstByteMs
  return [
    {
      name,
      ours: medianOf(gateway),
      unit: 'ms',
      rival: { what: 'GetClip with the SDK', value: medianOf(direct) },
      ratio: ratioOf(gateway, direct),
      target: { of: 'ratio', atMost },
    },
    {
      name: `first byte from a source ${source}, later than with the SDK`,
      ours: median(gateway.map(({ firstByteMs }, round) => firstByteMs - direct[round].firstByteMs)),
      unit: 'ms',
      rival: { what: 'its own first byte', value: medianOf(direct, firstByteOf) },
      target: { of: 'ours', atMost: 15 },
    },
  ]
}
