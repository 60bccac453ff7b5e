// Six hours at 2 s fragments: 10,800 fragments, 54 GetClip calls. The plan and the head as pure work, then the whole of it; and a day, which is the
// longest that may be asked for. The footage is that whose tables are longest.
import { join } from 'node:path'
import { planClip } from '../../dist/domain/clip-plan.js'
import { MatroskaDemuxer } from '../../dist/media/matroska/demuxer.js'
import { joinMovies } from '../../dist/media/mp4/edit/join.js'
import { readMovie } from '../../dist/media/mp4/read/read-movie.js'
import { cutSlices, sliceLength } from '../../dist/media/mp4/slices.js'
import { layOutMovie } from '../../dist/media/mp4/write/lay-out-movie.js'
import { finishNow } from '../../dist/media/steps.js'
import { buildFragmentMovie } from '../../dist/media/timeline/fragment-movie.js'
import { createBusyFootage } from '../busy-footage.mjs'
import { requestReadyClip, toClipInput } from '../gateway-client.mjs'
import { createStream, uploadFootage } from '../kvs-client.mjs'
import { startGateway, startKvs } from '../processes.mjs'
import { repeatRecording } from '../repeat-archive.mjs'
import { median, timed } from '../rounds.mjs'

const FRAGMENTS = 10_800
const FRAGMENT_MS = 2000
const PART_FRAGMENTS = 200
/** More than 4 GiB in all: only tables are made of it. */
const CAMERA_FRAGMENT_BYTES = 450_000
const ROUNDS = 3
const SIX_HOURS_A_DAY = 4
const MB = 1_000_000

export async function measureSixHours({ folder, scale }) {
  const fragments = Math.max(2 * PART_FRAGMENTS, Math.round((FRAGMENTS * scale) / (2 * PART_FRAGMENTS)) * 2 * PART_FRAGMENTS)
  return [measurePlan(fragments), ...(await measureHead(fragments)), ...(await measureWhole(folder, fragments))]
}

function measurePlan(fragments) {
  const startMs = Date.now() - 2 * fragments * FRAGMENT_MS
  const listed = Array.from({ length: fragments }, (_, n) => ({
    fragmentNumber: String(91_343_852_333_181_432_392_682_062_600_000_000n + BigInt(n)),
    producerTimestampMs: startMs + n * FRAGMENT_MS,
    serverTimestampMs: startMs + n * FRAGMENT_MS + 150,
    lengthMs: FRAGMENT_MS - 40,
    sizeBytes: CAMERA_FRAGMENT_BYTES,
  }))
  const range = { startMs, endMs: startMs + fragments * FRAGMENT_MS }
  const request = { fragmentSelectorType: 'PRODUCER_TIMESTAMP', range, cut: 'FRAGMENT', overflow: 'JOIN' }
  const times = Array.from({ length: 9 }, () => {
    const began = performance.now()
    const { plan } = planClip(request, listed, { nowMs: Date.now(), maxClipBytes: Number.MAX_SAFE_INTEGER })
    if (plan?.parts.length !== fragments / PART_FRAGMENTS) throw new Error(`a plan of ${plan?.parts.length} parts`)
    return performance.now() - began
  })
  return { name: `plan of ${fragments} fragments`, ours: median(times), unit: 'ms', target: { of: 'ours', atMost: 50 } }
}

async function measureHead(fragments) {
  const footage = await createBusyFootage()
  const parts = createParts(footage, fragments / PART_FRAGMENTS)
  const samples = parts.flatMap(({ movie }) => movie.tracks).reduce((sum, track) => sum + track.samples.count, 0)
  const runs = Array.from({ length: 5 }, () => runSteps(parts))
  return [
    {
      name: `head of ${fragments} fragments, a sample`,
      ours: (median(runs.map(({ ms }) => ms)) * 1000) / samples,
      unit: 'µs',
      target: { of: 'ours', atMost: 0.3 },
    },
    // What the machine adds to one run it does not add to every run.
    {
      name: 'head, longest slice',
      ours: Math.min(...runs.map(({ longestMs }) => longestMs)),
      unit: 'ms',
      target: { of: 'ours', atMost: 50 },
    },
    { name: 'size of the file it is the head of', ours: runs[0].sizeBytes / 1e9, unit: 'GB' },
  ]
}

function runSteps(parts) {
  const clock = { ms: 0, longestMs: 0 }
  // A join takes its parts over.
  const joined = finishTimed(joinMovies(structuredClone(parts), { startMs: null, tags: [] }), clock)
  if (!joined.joined) throw new Error(joined.message)
  const file = finishTimed(layOutMovie(joined.movie), clock)
  finishTimed(readHead(file), clock)
  return { ...clock, sizeBytes: file.sizeBytes }
}

/** Tables are made as they are read. */
function* readHead({ slices }) {
  for (const slice of slices) if (slice.kind === 'bytes') yield slice.bytes
}

function finishTimed(steps, clock) {
  for (;;) {
    const began = performance.now()
    const step = steps.next()
    const ms = performance.now() - began
    clock.ms += ms
    clock.longestMs = Math.max(clock.longestMs, ms)
    if (step.done) return step.value
  }
}

/** What the heads of GetClip answers say, read back from files of which only the tables exist. */
function createParts(footage, count) {
  const demuxer = new MatroskaDemuxer()
  const { tracks } = demuxer.push(Buffer.concat([footage.header, ...footage.fragment(0)])).find(({ kind }) => kind === 'tracks')
  const tables = [0, 1, 2, 3].map((n) => footage.sampleTable(n))
  return Array.from({ length: count }, (_, part) => {
    const fragments = Array.from({ length: PART_FRAGMENTS }, (_, index) => ({
      tracks,
      samples: tables[(part * PART_FRAGMENTS + index) % tables.length],
      timestampMs: (part * PART_FRAGMENTS + index) * FRAGMENT_MS,
      source: index,
      clusterOffset: 0,
      clusterBytes: CAMERA_FRAGMENT_BYTES,
    }))
    const parsed = readBack(finishNow(layOutMovie(buildFragmentMovie(fragments))), part)
    return { movie: parsed.movie, clock: null }
  })
}

function readBack(file, source) {
  const reading = readMovie(source)
  let step = reading.next(new Uint8Array(0))
  while (!step.done) step = reading.next(bytesOf(file, step.value))
  if (!step.value.understood) throw new Error(step.value.reason)
  return step.value
}

function bytesOf(file, { start, end }) {
  return Buffer.concat(
    cutSlices(file, start, end).map((slice) => (slice.kind === 'bytes' ? slice.bytes : Buffer.alloc(sliceLength(slice)))),
  )
}

/** Small frames, all of them: the work is in the tables. */
async function measureWhole(folder, fragments) {
  const dataDir = join(folder, 'kvs')
  const startMs = Date.now() - 2 * fragments * FRAGMENT_MS
  await record({ dataDir, startMs, fragments })
  await using kvs = await startKvs({ dataDir })
  const context = { folder, kvs, startMs }
  const rounds = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const half = await makeAnew({ ...context, name: `half-${round}`, fragments: fragments / 2 })
    rounds.push({ half, whole: await makeAnew({ ...context, name: `whole-${round}`, fragments }) })
  }
  const day = { ...context, startMs: startMs - (SIX_HOURS_A_DAY - 1) * fragments * FRAGMENT_MS, fragments: SIX_HOURS_A_DAY * fragments }
  return [
    ...toRows(fragments, rounds),
    ...toDayRows(day.fragments, {
      whole: await makeAnew({ ...day, name: 'day' }),
      exact: await makeAnew({ ...day, name: 'day-exact', options: { cut: 'EXACT' } }),
    }),
  ]
}

/** What is asked for, and before it as much as makes a day of it. */
async function record({ dataDir, startMs, fragments }) {
  {
    await using kvs = await startKvs({ dataDir })
    await createStream(kvs.url, 'camera')
    await uploadFootage(kvs.url, 'camera', { footage: await createBusyFootage(), count: fragments, startMs })
  }
  await repeatRecording(dataDir, { stream: 'camera', times: SIX_HOURS_A_DAY, lengthMs: fragments * FRAGMENT_MS })
}

function toRows(fragments, rounds) {
  const least = (of) => Math.min(...rounds.map(of))
  return [
    {
      name: `${fragments} fragments through the gateway, until every byte is there`,
      ours: median(rounds.map(({ whole }) => whole.ms)),
      unit: 'ms',
    },
    {
      name: 'twice the length, time',
      ours: median(rounds.map(({ whole }) => whole.ms)),
      unit: 'ms',
      rival: { what: 'half of it', value: median(rounds.map(({ half }) => half.ms)) },
      ratio: median(rounds.map(({ half, whole }) => whole.ms / half.ms)),
      target: { of: 'ratio', atMost: 2.3 },
    },
    {
      name: 'longest delay of the gateway’s event loop',
      ours: least(({ whole }) => whole.loopMaxMs),
      unit: 'ms',
      target: { of: 'ours', atMost: 50 },
    },
    {
      name: 'peak memory of the gateway above idle',
      ours: least(({ whole }) => whole.aboveIdleBytes) / MB,
      unit: 'MB',
      target: { of: 'ours', atMost: 150 },
    },
    { name: 'peak memory above idle for half the length', ours: least(({ half }) => half.aboveIdleBytes) / MB, unit: 'MB' },
  ]
}

function toDayRows(fragments, { whole, exact }) {
  const target = { of: 'ours', atMost: 150 }
  return [
    { name: `a day, ${fragments} fragments, until every byte is there`, ours: whole.ms, unit: 'ms' },
    { name: 'peak memory above idle for a day', ours: whole.aboveIdleBytes / MB, unit: 'MB', target },
    { name: 'peak memory above idle for a day cut exactly', ours: exact.aboveIdleBytes / MB, unit: 'MB', target },
  ]
}

/** By a gateway that has nothing yet. */
async function makeAnew({ folder, kvs, startMs, name, fragments, options = {} }) {
  const env = { CLIP_STORE_BYTES: String(100e9), CLIP_MAX_BYTES: String(100e9) }
  await using gateway = await startGateway({ dataDir: join(folder, name), kvsUrl: kvs.url, env })
  // One small clip first: what is loaded and compiled at the first request is not the long one's.
  await requestReadyClip(gateway.url, toClipInput('camera', { startMs: startMs - 1000, endMs: startMs + FRAGMENT_MS }))
  const idleBytes = await gateway.settledBytes()
  await gateway.read({ reset: true })
  const input = toClipInput('camera', { startMs, endMs: startMs + (fragments - 1) * FRAGMENT_MS }, options)
  let made
  const peakBytes = await gateway.peakBytesOf(async () => {
    made = await timed(() => requestReadyClip(gateway.url, input))
  })
  const { loopMaxMs } = await gateway.read()
  return { ms: made.ms, loopMaxMs, aboveIdleBytes: peakBytes - idleBytes }
}
