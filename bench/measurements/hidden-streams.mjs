// Whether the response time reveals that a hidden stream exists: pairs of a hidden and a missing stream, in random order, and the share of pairs
// in which the hidden one was slower (AUC: the Mann-Whitney statistic over all pairs). 0.5 reveals nothing.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { callKvs, createStream } from '../kvs-client.mjs'
import { startGateway, startKvs } from '../processes.mjs'

const CLI = new URL('../../dist/cli/main.js', import.meta.url).pathname
const PAIRS = 5000
const WARM_UPS = 1000
const STREAMS = 40
const RANGE = 'startTimestamp: "2026-01-01T00:00:00Z", endTimestamp: "2026-01-01T00:01:00Z"'
const BETWEEN = { of: 'ours', atLeast: 0.47, atMost: 0.53 }

const PROBES = {
  'stream(name)': (name) => `{ stream(name: "${name}") { name } }`,
  validateClip: (name) => `{ validateClip(input: { streamName: "${name}", ${RANGE} }) { valid issues { code } } }`,
}

export async function measureHiddenStreams({ folder, scale }) {
  await using kvs = await startKvs({ dataDir: join(folder, 'kvs'), env: { KVS_QUOTAS: 'off' } })
  for (let index = 0; index < STREAMS; index += 1) {
    await createStream(kvs.url, toName('hidden', index))
    await callKvs(kvs.url, '/tagStream', { StreamName: toName('hidden', index), Tags: { site: 'rome' } })
  }
  const keysFile = join(folder, 'keys.json')
  const operator = await createKey(keysFile, '*')
  const keys = { 'name patterns': await createKey(keysFile, 'lobby-*'), 'tag patterns': await createKey(keysFile, 'tag:site=berlin') }
  const env = { KVS_QUOTAS: 'off', API_KEYS_FILE: keysFile, RATE_LIMIT_COST: '1000000000' }
  await using gateway = await startGateway({ dataDir: join(folder, 'gateway'), kvsUrl: kvs.url, env })
  // The hidden streams are in the caches of the gateway, as if others used them all the time.
  const use = setInterval(() => ask(gateway.url, operator, '{ streams { nodes { name tags { value } } } }').catch(() => null), 1000)
  const rows = []
  for (const [kind, key] of Object.entries(keys)) {
    for (const [field, toQuery] of Object.entries(PROBES)) {
      const times = await measurePairs((name) => ask(gateway.url, key, toQuery(name)), Math.round(PAIRS * scale))
      rows.push({ name: `AUC of hidden and missing streams, ${field}, ${kind}`, ours: areaUnderCurve(times), unit: '', target: BETWEEN })
    }
  }
  clearInterval(use)
  return rows
}

function toName(kind, index) {
  return `${kind}-${String(index % STREAMS).padStart(4, '0')}`
}

async function createKey(file, streams) {
  const args = [CLI, 'keys', 'create', '--name', 'bench', '--scopes', 'streams:read,clips:validate', '--streams', streams]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, API_KEYS_FILE: file } })
  return stdout.trim()
}

async function measurePairs(probe, pairs) {
  const times = { hidden: [], missing: [] }
  for (let index = 0; index < WARM_UPS; index += 1) await probe(toName(index % 2 === 0 ? 'hidden' : 'absent', index))
  for (let index = 0; index < pairs; index += 1) {
    const order = Math.random() < 0.5 ? ['hidden', 'missing'] : ['missing', 'hidden']
    for (const kind of order) {
      const began = performance.now()
      await probe(toName(kind === 'hidden' ? 'hidden' : 'absent', index))
      times[kind].push(performance.now() - began)
    }
  }
  return times
}

/** The probability that a hidden stream takes longer than a missing one. */
function areaUnderCurve({ hidden, missing }) {
  const ranked = [...hidden.map((ms) => ({ ms, isHidden: true })), ...missing.map((ms) => ({ ms, isHidden: false }))].sort(
    (a, b) => a.ms - b.ms,
  )
  const rankSum = ranked.reduce((sum, { isHidden }, index) => sum + (isHidden ? index + 1 : 0), 0)
  return (rankSum - (hidden.length * (hidden.length + 1)) / 2) / (hidden.length * missing.length)
}

async function ask(url, key, query) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  const answer = await response.json()
  if (answer.errors !== undefined) throw new Error(`${query}: ${JSON.stringify(answer.errors)}`)
  return answer
}
