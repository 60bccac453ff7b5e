// CPU per request and throughput of five documents beside other GraphQL servers: the same schema and the same answers. The gateway has
// authentication, rate limits and metrics on. Its rivals return finished answers.
import { writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createApiKey, hashApiKey } from '../../dist/auth/api-key.js'
import { createFootage } from '../footage.mjs'
import { createStream, uploadFootage } from '../kvs-client.mjs'
import { startGateway, startGraphqlRival, startKvs } from '../processes.mjs'
import { median } from '../rounds.mjs'

const SCHEMA = fileURLToPath(new URL('../../schema.graphql', import.meta.url))
const CAMERAS = 50
const FRAGMENTS = 120
const CONNECTIONS = 8
const WARM_UP_REQUESTS = 600
const REQUESTS_A_ROUND = 400
const ROUNDS = 5
const RIVALS = ['apollo', 'yoga', 'mercurius', 'graphql-http']
const RANGE = '{ startTimestamp endTimestamp }'
const DOCUMENTS = {
  'list of 50 streams': {
    text: '{ streams(first: 50) { nodes { id name arn status version createdAt } pageInfo { hasNextPage } } }',
    most: { apollo: 1, yoga: 0.6, mercurius: 1 },
  },
  'stream(name)': {
    text: '{ stream(name: "camera-00") { id name arn status version createdAt } }',
    most: { apollo: 1, yoga: 0.6, mercurius: 2 },
  },
  validateClip: {
    text: `query ($input: ClipInput!) { validateClip(input: $input) { valid issues { code message } plan { fragmentCount estimatedBytes parts delivered ${RANGE} } } }`,
    most: { apollo: 1, yoga: 0.6, mercurius: 2 },
  },
  'page of 100 fragments': {
    text: 'query ($range: TimestampRangeInput!) { stream(name: "camera-00") { fragments(range: $range, first: 100, fragmentSelectorType: PRODUCER_TIMESTAMP) { nodes { fragmentNumber producerTimestamp serverTimestamp lengthMs sizeBytes } } } }',
    most: { apollo: 1, yoga: 0.6, mercurius: 1 },
  },
  limits: { text: '{ limits { maxRangeHours maxClipBytes } }', most: { apollo: 1, yoga: 0.6 } },
}

export async function measureGraphql({ folder, scale }) {
  await using kvs = await startKvs({ dataDir: join(folder, 'kvs') })
  const startMs = Date.now() - 3_600_000
  const footage = await createFootage({ seconds: 2 })
  for (let index = 0; index < CAMERAS; index += 1) {
    const name = `camera-${String(index).padStart(2, '0')}`
    await createStream(kvs.url, name)
    await uploadFootage(kvs.url, name, { footage, count: index === 0 ? FRAGMENTS : 1, startMs })
  }
  const key = await writeKey(join(folder, 'keys.json'))
  const env = { API_KEYS_FILE: join(folder, 'keys.json'), RATE_LIMIT_COST: '1000000000', CLIP_URL_SECRETS: 'x'.repeat(40) }
  await using gateway = await startGateway({ dataDir: join(folder, 'gateway'), kvsUrl: kvs.url, env })
  const range = toRange(startMs - 1000, startMs + 60_000 * 5)
  const input = { streamName: 'camera-00', fragmentSelectorType: 'PRODUCER_TIMESTAMP', ...range }
  const ours = { name: 'ours', process: gateway, url: `${gateway.url}/graphql`, headers: { authorization: `Bearer ${key}` } }
  const rows = []
  for (const [name, { text, most }] of Object.entries(DOCUMENTS)) {
    const body = JSON.stringify({ query: text, variables: text.includes('$input') ? { input } : text.includes('$range') ? { range } : {} })
    rows.push(...(await measureDocument({ name, body, most, ours, folder, rounds: Math.max(3, Math.round(ROUNDS * scale)) })))
  }
  return rows
}

async function measureDocument({ name, body, most, ours, folder, rounds }) {
  const { data, errors } = await post(ours, body)
  if (errors !== undefined) throw new Error(JSON.stringify(errors))
  const answers = join(folder, 'answers.json')
  await writeFile(answers, JSON.stringify(data))
  await using stack = new AsyncDisposableStack()
  const servers = [ours]
  for (const kind of RIVALS) {
    const process = stack.use(await startGraphqlRival(kind, { schema: SCHEMA, answers }))
    servers.push({ name: kind, process, url: process.url, headers: {} })
  }
  for (const server of servers) {
    const answer = await post(server, body)
    if (JSON.stringify(answer.data) !== JSON.stringify(data)) throw new Error(`${server.name} answers ${name} otherwise`)
    await load(server, body, WARM_UP_REQUESTS)
  }
  const spent = Object.fromEntries(servers.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const server of servers) spent[server.name].push(await load(server, body, REQUESTS_A_ROUND))
  }
  return toRows(name, spent, most)
}

/** Requests over kept-alive connections: CPU of the server and time for each. */
async function load(server, body, count) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  let left = count
  const latencies = []
  const work = async () => {
    while (left > 0) {
      left -= 1
      const began = performance.now()
      await post(server, body, agent)
      latencies.push(performance.now() - began)
    }
  }
  const { cpuSeconds, ms } = await server.process.spentOn(() => Promise.all(Array.from({ length: CONNECTIONS }, work)))
  agent.destroy()
  return {
    cpuUs: (cpuSeconds * 1e6) / count,
    perSecond: (count * 1000) / ms,
    p99Ms: latencies.sort((a, b) => a - b)[Math.floor(count * 0.99)],
  }
}

async function post({ url, headers }, body, agent) {
  const response = await new Promise((resolve, reject) => {
    request(
      url,
      { method: 'POST', agent, headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } },
      resolve,
    )
      .once('error', reject)
      .end(body)
  })
  return json(response)
}

function toRows(name, spent, most) {
  const of = (server, member) => median(spent[server].map((round) => round[member]))
  const ratio = (rival) => median(spent.ours.map(({ cpuUs }, round) => cpuUs / spent[rival][round].cpuUs))
  return [
    ...RIVALS.map((rival) => ({
      name: `${name}, CPU per request`,
      ours: of('ours', 'cpuUs'),
      unit: 'µs',
      rival: { what: rival, value: of(rival, 'cpuUs') },
      ratio: ratio(rival),
      ...(most[rival] === undefined ? {} : { target: { of: 'ratio', atMost: most[rival] } }),
    })),
    {
      name: `${name}, requests a second`,
      ours: of('ours', 'perSecond'),
      unit: '/s',
      rival: { what: 'apollo', value: of('apollo', 'perSecond') },
    },
    { name: `${name}, p99`, ours: of('ours', 'p99Ms'), unit: 'ms', rival: { what: 'apollo', value: of('apollo', 'p99Ms') } },
  ]
}

function toRange(startMs, endMs) {
  return { startTimestamp: new Date(startMs).toISOString(), endTimestamp: new Date(endMs).toISOString() }
}

async function writeKey(path) {
  const { id, key } = createApiKey()
  const grants = [{ scopes: ['streams:read', 'clips:validate'], streams: ['*'] }]
  const record = {
    id,
    name: 'bench',
    sha256: hashApiKey(key).toString('hex'),
    grants,
    createdAt: '2026-01-01T00:00:00.000Z',
    expiresAt: null,
    revokedAt: null,
  }
  await writeFile(path, JSON.stringify({ keys: [record] }))
  return key
}
