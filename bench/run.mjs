// `npm run bench`: every measurement in one run, a table, and bench/results.json. docs/benchmarks.md says how to read it.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { measureFetchedBytes } from './measurements/fetched-bytes.mjs'
import { measureFlatMemory } from './measurements/flat-memory.mjs'
import { measureGateway } from './measurements/gateway.mjs'
import { measureGetClip } from './measurements/get-clip.mjs'
import { measureGraphql } from './measurements/graphql.mjs'
import { measureHiddenStreams } from './measurements/hidden-streams.mjs'
import { measureIngest } from './measurements/ingest.mjs'
import { measureJoining } from './measurements/joining.mjs'
import { measureMillion } from './measurements/million.mjs'
import { measureProducers } from './measurements/producers.mjs'
import { measureQueryCost } from './measurements/query-cost.mjs'
import { measurePacedSource, measureTlsSource } from './measurements/remote-source.mjs'
import { measureSixHours } from './measurements/six-hours.mjs'
import { measureStalledReaders } from './measurements/stalled-readers.mjs'
import { measureStart } from './measurements/start.mjs'
import { measureStoredClip } from './measurements/stored-clip.mjs'
import { judge, toTable } from './report.mjs'

const MEASUREMENTS = {
  'get-clip': measureGetClip,
  ingest: measureIngest,
  gateway: measureGateway,
  'tls-source': measureTlsSource,
  'paced-source': measurePacedSource,
  'stalled-readers': measureStalledReaders,
  start: measureStart,
  'flat-memory': measureFlatMemory,
  million: measureMillion,
  producers: measureProducers,
  'query-cost': measureQueryCost,
  graphql: measureGraphql,
  'hidden-streams': measureHiddenStreams,
  'stored-clip': measureStoredClip,
  'six-hours': measureSixHours,
  joining: measureJoining,
  'fetched-bytes': measureFetchedBytes,
}

/** BENCH_ONLY=name,name picks measurements; BENCH_SCALE=0.1 makes all of them smaller (their targets are meant for 1). */
function readOptions() {
  const scale = Number(process.env.BENCH_SCALE || 1)
  if (!(scale > 0 && scale <= 1)) throw new Error(`BENCH_SCALE must be above 0 and at most 1 (got ${process.env.BENCH_SCALE})`)
  const names = process.env.BENCH_ONLY ? process.env.BENCH_ONLY.split(',') : Object.keys(MEASUREMENTS)
  const unknown = names.find((name) => MEASUREMENTS[name] === undefined)
  if (unknown !== undefined) throw new Error(`there is no measurement ${unknown}: ${Object.keys(MEASUREMENTS).join(', ')}`)
  return { scale, names }
}

async function measure(name, scale) {
  const folder = await mkdtemp(join(tmpdir(), `clipgate-bench-${name}-`))
  try {
    const rows = await MEASUREMENTS[name]({ folder, scale })
    return rows.map((row) => ({ measurement: name, ...row }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function describeMachine() {
  const [first] = cpus()
  const { stdout: commit } = await promisify(execFile)('git', ['rev-parse', '--short', 'HEAD']).catch(() => ({ stdout: 'unknown' }))
  return {
    cpu: `${cpus().length} × ${first?.model.trim() ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    commit: commit.trim(),
  }
}

const { scale, names } = readOptions()
const machine = await describeMachine()
console.log(`clipgate ${machine.commit} on ${machine.cpu}, Node ${machine.node}, scale ${scale}\n`)
const rows = []
const failures = []
for (const name of names) {
  const began = performance.now()
  try {
    const measured = await measure(name, scale)
    rows.push(...measured)
    console.log(`${toTable(measured)}\n(${name}: ${((performance.now() - began) / 1000).toFixed(0)} s)\n`)
  } catch (error) {
    failures.push(name)
    console.error(`${name} failed:`, error)
  }
}
const judged = rows.map((row) => ({ ...row, verdict: judge(row) }))
await writeFile(
  new URL('results.json', import.meta.url),
  `${JSON.stringify({ measuredAt: new Date().toISOString(), machine, scale, rows: judged, failures }, null, 2)}\n`,
)
if (names.length > 1) console.log(toTable(rows))
const short = judged.filter(({ verdict }) => verdict === 'short').length
console.log(`\n${judged.filter(({ verdict }) => verdict === 'ok').length} ok, ${short} short. Written to bench/results.json.`)
if (failures.length > 0) process.exitCode = 1
