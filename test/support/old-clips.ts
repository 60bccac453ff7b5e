// The DATA_DIR under test/fixtures/clips, and the clips that a client gets from it. As a program (`<DATA_DIR> <answers file>`) it fills an
// empty DATA_DIR and records the clips.
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadSettings } from '../../src/config/load-settings.js'
import { buildGateway } from '../../src/gateway.js'
import { buildKvsServer } from '../../src/kvs-server/server.js'
import { readFixture } from './fixtures.js'
import { Producer } from './producer.js'

const NOW_MS = Date.parse('2026-05-04T12:00:00Z')
/** The date of the footage. Servers that read it use this clock, so that retention removes nothing and tokens are equal. */
export const OLD_CLIPS_CLOCK = { now: () => NOW_MS }

const START_MS = NOW_MS - 600_000
/** Later than the producer's clock, so that a clip by the wrong clock is detected. */
const SERVER_DELAY_MS = 1_500
const PUBLIC_URL = 'http://clips.test'

interface Recording {
  readonly stream: string
  readonly fixture: string
  /** How many of its Clusters are uploaded. */
  readonly clusters: number
  /** Server time between two Clusters. */
  readonly stepMs: number
}

const RECORDINGS: readonly Recording[] = [
  { stream: 'lobby', fixture: 'h264-bframes-aac.mkv', clusters: 3, stepMs: 1000 },
  { stream: 'yard', fixture: 'h264-alaw.mkv', clusters: 2, stepMs: 1000 },
  { stream: 'dock', fixture: 'hard/opengop-hevc.mkv', clusters: 100, stepMs: 1000 },
  { stream: 'gate', fixture: 'hard/clusters-without-key.mkv', clusters: 18, stepMs: 350 },
  // More fragments than one GetClip call returns.
  { stream: 'garage', fixture: 'hard/join-lost-fragment.mkv', clusters: 250, stepMs: 300 },
]

interface RequestedClip {
  readonly streamName: string
  /** Milliseconds after the start of the footage. */
  readonly fromMs: number
  readonly toMs: number
  readonly cut?: 'EXACT'
  readonly fragmentSelectorType?: 'SERVER_TIMESTAMP'
  readonly overflow?: 'TRUNCATE'
  readonly fileName?: string
  readonly expiresInSeconds?: number
}

export const REQUESTED_CLIPS: Readonly<Record<string, RequestedClip>> = {
  'one part': { streamName: 'lobby', fromMs: 0, toMs: 3000 },
  'one part, exact': { streamName: 'lobby', fromMs: 520, toMs: 2310, cut: 'EXACT' },
  'by the server clock': { streamName: 'lobby', fromMs: 2000, toMs: 9000, fragmentSelectorType: 'SERVER_TIMESTAMP' },
  'by the server clock, exact': { streamName: 'lobby', fromMs: 2000, toMs: 4870, fragmentSelectorType: 'SERVER_TIMESTAMP', cut: 'EXACT' },
  'with a file name and a lifetime': { streamName: 'lobby', fromMs: 0, toMs: 1500, fileName: 'Haustür 1', expiresInSeconds: 3600 },
  'G.711 sound, exact': { streamName: 'yard', fromMs: 300, toMs: 1700, cut: 'EXACT' },
  'open GOPs': { streamName: 'dock', fromMs: 0, toMs: 4000 },
  'open GOPs, exact': { streamName: 'dock', fromMs: 500, toMs: 1995, cut: 'EXACT' },
  'no key frame at the start': { streamName: 'gate', fromMs: 400, toMs: 5500 },
  'no key frame at the start, exact': { streamName: 'gate', fromMs: 3000, toMs: 5000, cut: 'EXACT' },
  'joined parts': { streamName: 'garage', fromMs: 0, toMs: 120_000 },
  'joined parts, exact': { streamName: 'garage', fromMs: 10_130, toMs: 70_270, cut: 'EXACT' },
  'only the first part': { streamName: 'garage', fromMs: 0, toMs: 120_000, overflow: 'TRUNCATE' },
}

/** A clip as its client saw it. */
export interface SeenClip {
  readonly id: string
  /** Path of the URL. */
  readonly path: string
  /** Fields of the clip once it is READY, and the codes of issues. */
  readonly clip: unknown
  readonly issues: unknown
  readonly download: SeenDownload
}

export interface SeenDownload {
  readonly status: number
  readonly etag: string | null
  readonly length: string | null
  readonly sha256: string
  readonly headers: Readonly<Record<string, string | null>>
}

export interface OldClipsGateway extends AsyncDisposable {
  readonly url: string
  ask(query: string, variables: object): Promise<unknown>
}

/** A gateway and an embedded KVS over a DATA_DIR, as `clipgate serve` starts them. */
export async function startOldClipsGateway(dataDir: string): Promise<OldClipsGateway> {
  const settings = { DATA_DIR: dataDir, PORT: '0', PUBLIC_URL, KVS_QUOTAS: 'off', SHUTDOWN_GRACE_MS: '500' }
  const { config, secrets } = await loadSettings(settings)
  const kvs = await buildKvsServer({ dataDir: join(dataDir, 'kvs'), port: 0, quotas: false, clock: OLD_CLIPS_CLOCK })
  const gateway = await buildGateway(config, secrets, { embeddedKvsUrl: await kvs.listen(), clock: OLD_CLIPS_CLOCK })
  const url = await gateway.listen()
  return {
    url,
    async ask(query, variables) {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
      const { data, errors } = JSON.parse(await response.text())
      if (errors !== undefined) throw new Error(JSON.stringify(errors))
      return data
    },
    async [Symbol.asyncDispose]() {
      await gateway.close()
      await kvs.close({ graceMs: 500 })
    },
  }
}

const CLIP_FIELDS = `id state form stream { arn } downloadUrl expiresAt fileName contentType truncated fragmentCount sizeBytes durationMs etag
  requested { startTimestamp endTimestamp } delivered { startTimestamp endTimestamp } gaps { startTimestamp endTimestamp }
  timeline { mediaStartMs range { startTimestamp endTimestamp } }`
const REQUEST_CLIP = 'mutation ($input: ClipInput!) { requestClip(input: $input) { clip { id downloadUrl } issues { severity code } } }'
const CLIP = `query ($id: ID!) { clip(id: $id) { ${CLIP_FIELDS} } }`

/** Requests each clip, downloads it, and asks for its fields once it is READY. */
export async function lookAtClips(gateway: OldClipsGateway): Promise<Record<string, SeenClip>> {
  const seen: Record<string, SeenClip> = {}
  for (const [name, requested] of Object.entries(REQUESTED_CLIPS)) seen[name] = await lookAtClip(gateway, requested)
  return seen
}

async function lookAtClip(gateway: OldClipsGateway, { fromMs, toMs, ...rest }: RequestedClip): Promise<SeenClip> {
  const startTimestamp = new Date(START_MS + fromMs).toISOString()
  const endTimestamp = new Date(START_MS + toMs).toISOString()
  const input = { fragmentSelectorType: 'PRODUCER_TIMESTAMP', ...rest, startTimestamp, endTimestamp }
  const { requestClip } = Object(await gateway.ask(REQUEST_CLIP, { input }))
  if (requestClip.clip === null) throw new Error(JSON.stringify(requestClip.issues))
  const { id, downloadUrl }: { readonly id: string; readonly downloadUrl: string } = requestClip.clip
  const path = downloadUrl.replace(PUBLIC_URL, '')
  const download = await lookAtDownload(gateway.url + path)
  const { clip } = Object(await gateway.ask(CLIP, { id }))
  return { id, path, clip, issues: requestClip.issues, download }
}

export async function lookAtDownload(url: string, headers: Readonly<Record<string, string>> = {}): Promise<SeenDownload> {
  const response = await fetch(url, { headers })
  const sha256 = createHash('sha256')
    .update(Buffer.from(await response.arrayBuffer()))
    .digest('hex')
  const names = ['content-type', 'content-disposition', 'last-modified', 'cache-control', 'accept-ranges', 'content-range']
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    length: response.headers.get('content-length'),
    sha256,
    headers: Object.fromEntries(names.map((name) => [name, response.headers.get(name)])),
  }
}

async function fill(dataDir: string): Promise<void> {
  let nowMs = START_MS
  const kvs = await buildKvsServer({ dataDir: join(dataDir, 'kvs'), port: 0, quotas: false, clock: { now: () => nowMs } })
  const url = await kvs.listen()
  for (const { stream, fixture, clusters, stepMs } of RECORDINGS) {
    const body = JSON.stringify({ StreamName: stream, DataRetentionInHours: 24 })
    await fetch(`${url}/createStream`, { method: 'POST', body })
    const producer = new Producer(url, { stream, start: String(START_MS / 1000) })
    const [head, ...media] = splitAtClusters(readFixture(fixture))
    if (head === undefined) throw new Error(`${fixture} is empty`)
    await producer.send(head)
    for (const [index, cluster] of media.slice(0, clusters).entries()) {
      nowMs = START_MS + SERVER_DELAY_MS + (index + 1) * stepMs
      await producer.send(cluster)
      // A fragment ends where the next begins.
      if (index > 0) await producer.until('PERSISTED', index)
    }
    await producer.finish()
  }
  await kvs.close()
}

/** The bytes up to the first Cluster, and those of each Cluster. */
function splitAtClusters(file: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(file)
  const starts: number[] = []
  for (let at = bytes.indexOf('1f43b675', 0, 'hex'); at !== -1; at = bytes.indexOf('1f43b675', at + 4, 'hex')) starts.push(at)
  return [0, ...starts].map((start, index) => bytes.subarray(start, starts[index]))
}

const [, program = '', folder, answers] = process.argv
if (program.endsWith('old-clips.ts') && folder !== undefined && answers !== undefined) {
  await fill(folder)
  await using gateway = await startOldClipsGateway(folder)
  await writeFile(answers, `${JSON.stringify(await lookAtClips(gateway), null, 2)}\n`)
}
