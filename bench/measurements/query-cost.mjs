// What twenty documents cost in points and take in CPU, the first time (what points stand for) and again and again; and the dashboard
// under AWS's quotas. Printed side by side, so that the weights (src/graphql/field-cost.ts) can be judged.
import { join } from 'node:path'
import { createFootage } from '../footage.mjs'
import { createStream, uploadFootage } from '../kvs-client.mjs'
import { startGateway, startKvs } from '../processes.mjs'
import { median } from '../rounds.mjs'

const CAMERAS = 50
const FRAGMENTS = 1000
const TIMES = 10
/** Requests for another stream beforehand, each for another range: the code is compiled, and nothing that is measured is remembered. */
const WARM_UPS = 100
const HOUR_MS = 3_600_000
const RANGE = '{ startTimestamp endTimestamp durationMs }'
const FRAGMENT = 'fragmentNumber producerTimestamp serverTimestamp lengthMs sizeBytes'
const ON_DAY = 'query ($day: TimestampRangeInput!)'
const ON_INPUT = 'query ($input: ClipInput!)'
const FIRST = 'stream(name: "camera-00")'
const WARM_UP = `query ($day: TimestampRangeInput!, $input: ClipInput!, $at: DateTime!) {
  stream(name: "warm-up") { name media(at: $at, fragmentSelectorType: PRODUCER_TIMESTAMP) { video { codec } } coverage(range: $day) { spans { range ${RANGE} } gaps ${RANGE} } fragments(range: $day, first: 20) { nodes { ${FRAGMENT} } } }
  validateClip(input: $input) { valid plan { fragmentCount gaps ${RANGE} } }
}`
const DASHBOARD = `${ON_DAY} { streams { nodes { name status coverage(range: $day) { fragmentCount } media { video { codec } } } } }`

const DOCUMENTS = {
  limits: '{ limits { maxRangeHours maxClipBytes } }',
  'one stream': `{ ${FIRST} { name arn status version createdAt } }`,
  'tags of one': `{ ${FIRST} { tags { key value } } }`,
  'ten streams': '{ streams(first: 10) { nodes { name status } } }',
  'fifty streams': '{ streams { nodes { name arn status version createdAt } } }',
  'fifty streams as edges': '{ streams { edges { cursor node { name arn status } } } }',
  'endpoints of fifty': '{ streams { nodes { dataEndpoint } } }',
  'tags and endpoints of fifty': '{ streams { nodes { dataEndpoint tags { key value } } } }',
  'media of one': `{ ${FIRST} { media { video { codec width height } } } }`,
  'media of fifty': '{ streams { nodes { media { video { codec } } } } }',
  'coverage of one': `${ON_DAY} { ${FIRST} { coverage(range: $day) { fragmentCount durationMs } } }`,
  'spans and gaps of one': `${ON_DAY} { ${FIRST} { coverage(range: $day) { spans { range ${RANGE} } gaps ${RANGE} } } }`,
  'coverage of fifty': `${ON_DAY} { streams { nodes { coverage(range: $day) { fragmentCount } } } }`,
  dashboard: DASHBOARD,
  'ten fragments': `${ON_DAY} { ${FIRST} { fragments(range: $day, first: 10, fragmentSelectorType: PRODUCER_TIMESTAMP) { nodes { ${FRAGMENT} } } } }`,
  'a thousand fragments': `${ON_DAY} { ${FIRST} { fragments(range: $day, first: 1000, fragmentSelectorType: PRODUCER_TIMESTAMP) { nodes { ${FRAGMENT} } } } }`,
  'a plan': `${ON_INPUT} { validateClip(input: $input) { valid issues { code message } plan { fragmentCount gaps ${RANGE} } } }`,
  'ten plans': `${ON_INPUT} { ${Array.from({ length: 10 }, (_, index) => `p${index}: validateClip(input: $input) { valid }`).join(' ')} }`,
  'types of the schema': '{ __schema { types { name kind description } } }',
  'all of the schema': '{ __schema { types { name fields { name description args { name } type { name kind ofType { name kind } } } } } }',
}

export async function measureQueryCost({ folder, scale }) {
  const env = { KVS_QUOTAS: 'on' }
  await using kvs = await startKvs({ dataDir: join(folder, 'kvs'), env })
  const startMs = Date.now() - HOUR_MS
  const footage = await createFootage({ seconds: 2 })
  for (let index = 0; index < CAMERAS; index += 1) {
    const name = `camera-${String(index).padStart(2, '0')}`
    await createStream(kvs.url, name)
    await uploadFootage(kvs.url, name, { footage, count: index === 0 ? Math.round(FRAGMENTS * scale) : 5, startMs })
  }
  await createStream(kvs.url, 'warm-up')
  await uploadFootage(kvs.url, 'warm-up', { footage, count: WARM_UPS, startMs })
  const variables = { day: toRange(Date.now() - 23 * HOUR_MS, Date.now() + HOUR_MS), input: toInput('camera-00', startMs) }
  const measured = []
  const start = (name) => startGateway({ dataDir: join(folder, name), kvsUrl: kvs.url, env })
  for (const [name, text] of Object.entries(DOCUMENTS)) {
    await using gateway = await start(name.replaceAll(' ', '-'))
    await warmUp(gateway.url, startMs)
    measured.push({ name, ...(await measureDocument(gateway, text, variables)) })
  }
  await using gateway = await start('dashboards')
  const dashboard = await measureDashboard(gateway, variables)
  printSideBySide(measured)
  const correlation = rankCorrelation(measured)
  return [...dashboard, { name: 'rank correlation of points and CPU at first, twenty documents', ours: correlation, unit: '' }]
}

function toRange(startMs, endMs) {
  return { startTimestamp: new Date(startMs).toISOString(), endTimestamp: new Date(endMs).toISOString() }
}

function toInput(streamName, startMs) {
  return { streamName, fragmentSelectorType: 'PRODUCER_TIMESTAMP', ...toRange(startMs, startMs + 60_000) }
}

async function warmUp(url, startMs) {
  for (let time = 0; time < WARM_UPS; time += 1) {
    const fromMs = startMs + time * 1000
    const day = toRange(fromMs - HOUR_MS, fromMs + HOUR_MS)
    await ask(url, WARM_UP, { day, input: toInput('warm-up', fromMs), at: new Date(fromMs).toISOString() })
  }
}

async function measureDocument(gateway, text, variables) {
  const cold = await gateway.spentOn(() => ask(gateway.url, text, variables))
  const warm = await gateway.spentOn(async () => {
    for (let time = 0; time < TIMES; time += 1) await ask(gateway.url, text, variables)
  })
  return { points: cold.result.extensions.cost.requested, cpuMs: cold.cpuSeconds * 1000, warmCpuMs: (warm.cpuSeconds * 1000) / TIMES }
}

async function measureDashboard(gateway, variables) {
  const times = []
  for (let time = 0; time < TIMES; time += 1) {
    const began = performance.now()
    await ask(gateway.url, DASHBOARD, variables)
    times.push(performance.now() - began)
  }
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  const throttled = [...metrics.matchAll(/outcome="ClientLimitExceededException"\} (\d+)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )
  return [
    {
      name: 'dashboard of fifty cameras under quotas, median from the second time on',
      ours: median(times.slice(1)),
      unit: 'ms',
      target: { of: 'ours', atMost: 20 },
    },
    { name: 'its requests that were throttled', ours: throttled, unit: 'requests', target: { of: 'ours', atMost: 0 } },
  ]
}

async function ask(url, query, variables) {
  const body = JSON.stringify({ query, variables })
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const answer = await response.json()
  if (answer.errors !== undefined) throw new Error(`${query}: ${JSON.stringify(answer.errors)}`)
  return answer
}

function printSideBySide(measured) {
  const rows = measured.toSorted((a, b) => a.points - b.points)
  for (const { name, points, cpuMs, warmCpuMs } of rows) {
    const cpu = `${cpuMs.toFixed(1).padStart(8)} ms CPU at first ${warmCpuMs.toFixed(1).padStart(7)} ms from then on`
    console.log(`${name.padEnd(28)} ${String(points).padStart(6)} points ${cpu}`)
  }
}

/** Spearman's: of the ranks, for a point is no fixed time. */
function rankCorrelation(measured) {
  const points = ranksOf(measured.map((document) => document.points))
  const cpu = ranksOf(measured.map((document) => document.cpuMs))
  const mean = (measured.length - 1) / 2
  const sum = (of) => measured.reduce((total, _, index) => total + of(index), 0)
  const covariance = sum((index) => (points[index] - mean) * (cpu[index] - mean))
  return covariance / Math.sqrt(sum((index) => (points[index] - mean) ** 2) * sum((index) => (cpu[index] - mean) ** 2))
}

/** Equal values share the mean of their ranks. */
function ranksOf(values) {
  return values.map((value) => {
    const lower = values.filter((other) => other < value).length
    const equal = values.filter((other) => other === value).length
    return lower + (equal - 1) / 2
  })
}
