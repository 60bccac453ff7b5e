// A stream of a million fragments beside one of a thousand: listing, clipping in the middle, starting, and removing what is too old.
import { cp, link, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { besideSyncs } from '../disk-probe.mjs'
import { download } from '../download.mjs'
import { createFootage } from '../footage.mjs'
import { callKvs, clipRequest, createStream, uploadFootage } from '../kvs-client.mjs'
import { startKvs } from '../processes.mjs'
import { medianOf, ratioOf, takeTurns, timed } from '../rounds.mjs'

const MILLION = 1_000_000
const THOUSAND = 1000
const CLIP_FRAGMENTS = 200
const FILES_PER_DIRECTORY = 4096
/** Fragments that are past their retention once it is shortened, each with its file. */
const EXPIRING = 50_000
const HOURS_PER_YEAR = 8760
const MS_PER_HOUR = 3_600_000
const RATIO = { of: 'ratio', atMost: 1.5 }

export async function measureMillion({ folder, scale }) {
  const count = Math.max(20_000, Math.round(MILLION * scale))
  const expiring = Math.min(EXPIRING, Math.round(count / 4))
  const footage = await createFootage({ seconds: 1 })
  const small = join(folder, 'small')
  const large = join(folder, 'large')
  // By the hour, so that retention, which counts in hours, can be shortened by just what is to go.
  const endMs = Math.floor(Date.now() / MS_PER_HOUR) * MS_PER_HOUR
  const startMs = { thousand: endMs - THOUSAND * footage.fragmentMs, million: endMs - count * footage.fragmentMs }
  await recordThousand(small, { footage, startMs: startMs.thousand })
  await cp(small, large, { recursive: true })
  await multiply(large, { count, expiring, startMs: startMs.million, fragmentMs: footage.fragmentMs })
  const starts = await takeTurns({ million: () => timeStart(large), thousand: () => timeStart(small) }, 5)
  await using kvs = await startKvs({ dataDir: large })
  const middles = {
    million: startMs.million + (count / 2) * footage.fragmentMs,
    thousand: startMs.thousand + (THOUSAND / 2) * footage.fragmentMs,
  }
  const rangeOf = (stream) => ({ startMs: middles[stream], endMs: middles[stream] + (CLIP_FRAGMENTS - 1) * footage.fragmentMs })
  const rows = [
    toRow('ListFragments of 200 in the middle', await compare((stream) => timed(() => list(kvs.url, stream, rangeOf(stream))))),
    toRow('GetClip of 200 fragments in the middle', await compare((stream) => download(...clipRequest(kvs.url, stream, rangeOf(stream))))),
    toRow('start until ready', starts),
  ]
  return [
    ...rows,
    ...(await measureRetention({
      folder,
      kvs,
      database: join(large, 'kvs', 'index.sqlite'),
      expiring,
      rangeOf,
      startMs: startMs.million,
      fragmentMs: footage.fragmentMs,
    })),
  ]
}

async function recordThousand(dataDir, { footage, startMs }) {
  await using kvs = await startKvs({ dataDir })
  for (const stream of ['thousand', 'million']) await createStream(kvs.url, stream, HOURS_PER_YEAR)
  await uploadFootage(kvs.url, 'thousand', { footage, count: THOUSAND, startMs })
}

/** The thousand over and over as another stream's rows. Files only where one is read or removed: hard links to those of the thousand. */
async function multiply(dataDir, { count, expiring, startMs, fragmentMs }) {
  using database = new DatabaseSync(join(dataDir, 'kvs', 'index.sqlite'))
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;')
  const idOf = (name) => database.prepare('SELECT id FROM streams WHERE name = ?').get(name).id
  const from = idOf('thousand')
  const to = idOf('million')
  database.prepare('UPDATE streams SET created_at_ms = ? WHERE id = ?').run(startMs, to)
  database
    .prepare('INSERT INTO media_sessions (stream_id, header_hash) SELECT ?, header_hash FROM media_sessions WHERE stream_id = ?')
    .run(to, from)
  const sessionId = database.prepare('SELECT id FROM media_sessions WHERE stream_id = ?').get(to).id
  const first = database.prepare('SELECT min(file_id) AS id, max(file_id) AS last FROM fragments').get()
  const parameters = {
    first: first.id,
    base: first.last + 1,
    count,
    thousand: THOUSAND,
    from,
    to,
    session: sessionId,
    start: startMs,
    length: fragmentMs,
  }
  const numbers = 'WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < $count)'
  database.exec('BEGIN')
  runNamed(
    database,
    `INSERT INTO fragments (file_id, stream_id, sequence, nonce, session_id, producer_ms, server_ms, length_ms, size_bytes, cluster_bytes, persisted_ms)
     ${numbers} SELECT $base + n, $to, ($start * 1024) + n, nonce, $session, $start + n * $length, $start + n * $length, length_ms, size_bytes, cluster_bytes, $start + n * $length
     FROM numbers JOIN fragments ON file_id = $first + n % $thousand AND stream_id = $from`,
    parameters,
  )
  runNamed(
    database,
    `INSERT INTO fragment_details (file_id, samples, leading_tags, trailing_tags)
     ${numbers} SELECT $base + n, samples, leading_tags, trailing_tags FROM numbers JOIN fragment_details ON file_id = $first + n % $thousand`,
    parameters,
  )
  database.exec('COMMIT')
  const read = Array.from({ length: CLIP_FRAGMENTS }, (_, n) => count / 2 + n)
  const removed = Array.from({ length: expiring }, (_, n) => n)
  await linkFiles(
    join(dataDir, 'kvs', 'fragments'),
    [...read, ...removed].map((n) => [first.id + (n % THOUSAND), first.last + 1 + n]),
  )
}

/** A statement takes just the parameters that it names. */
function runNamed(database, sql, parameters) {
  const named = Object.entries(parameters).filter(([name]) => new RegExp(`\\$${name}\\b`).test(sql))
  database.prepare(sql).run(Object.fromEntries(named))
}

async function linkFiles(root, pairs) {
  const pathOf = (id) => join(root, String(Math.floor(id / FILES_PER_DIRECTORY)), String(id))
  const directories = new Set(pairs.map(([, id]) => Math.floor(id / FILES_PER_DIRECTORY)))
  for (const directory of directories) await mkdir(join(root, String(directory)), { recursive: true })
  for (const [existing, id] of pairs) await link(pathOf(existing), pathOf(id))
}

async function timeStart(dataDir) {
  const began = performance.now()
  await using _kvs = await startKvs({ dataDir })
  return { ms: performance.now() - began }
}

function compare(work) {
  return takeTurns({ million: () => work('million'), thousand: () => work('thousand') }, 15)
}

function toRow(name, { million, thousand }) {
  const rival = { what: 'with a thousand', value: medianOf(thousand) }
  return {
    name: `${name}, a million fragments`,
    ours: medianOf(million),
    unit: 'ms',
    rival,
    ratio: ratioOf(million, thousand),
    target: RATIO,
  }
}

async function list(kvsUrl, stream, { startMs, endMs }) {
  const { Fragments } = await callKvs(kvsUrl, '/listFragments', {
    StreamName: stream,
    MaxResults: 1000,
    FragmentSelector: {
      FragmentSelectorType: 'PRODUCER_TIMESTAMP',
      TimestampRange: { StartTimestamp: startMs / 1000, EndTimestamp: endMs / 1000 },
    },
  })
  if (Fragments.length !== CLIP_FRAGMENTS) throw new Error(`${Fragments.length} fragments were listed`)
}

/** Shortens the retention, and asks on while what is too old is removed. */
async function measureRetention({ folder, kvs, database, expiring, rangeOf, startMs, fragmentMs }) {
  const ask = () => timed(() => download(...clipRequest(kvs.url, 'million', rangeOf('million'))))
  const before = []
  for (let i = 0; i < 20; i += 1) before.push(await ask())
  const { StreamInfo } = await callKvs(kvs.url, '/describeStream', { StreamName: 'million' })
  const keptHours = Math.floor((Date.now() - startMs - expiring * fragmentMs) / MS_PER_HOUR)
  await kvs.read({ reset: true })
  const began = performance.now()
  await callKvs(kvs.url, '/updateDataRetention', {
    StreamName: 'million',
    CurrentVersion: StreamInfo.Version,
    Operation: 'DECREASE_DATA_RETENTION',
    DataRetentionChangeInHours: HOURS_PER_YEAR - keptHours,
  })
  const during = []
  using index = new DatabaseSync(database, { readOnly: true })
  const streamId = index.prepare("SELECT id FROM streams WHERE name = 'million'").get().id
  const oldest = index.prepare('SELECT producer_ms FROM fragments WHERE stream_id = ? ORDER BY producer_ms LIMIT 1')
  const left = index.prepare('SELECT count(*) AS files FROM fragment_removals')
  const cutMs = () => Date.now() - keptHours * MS_PER_HOUR
  const isLeft = () => oldest.get(streamId).producer_ms < cutMs() - 60_000 || left.get().files > 0
  const { slowestSyncMs } = await besideSyncs(folder, async () => {
    while (isLeft()) {
      during.push(await ask())
      await sleep(10)
    }
  })
  const removed = Math.round((oldest.get(streamId).producer_ms - startMs) / fragmentMs)
  const { loopMaxMs } = await kvs.read()
  const disk = { what: 'slowest sync of a file meanwhile', value: slowestSyncMs }
  return [
    { name: `removal of ${removed} fragments by retention`, ours: removed / ((performance.now() - began) / 1000), unit: 'fragments/s' },
    {
      name: 'GetClip of 200 fragments while they are removed',
      ours: medianOf(during),
      unit: 'ms',
      rival: { what: 'at rest', value: medianOf(before) },
      ratio: medianOf(during) / medianOf(before),
    },
    {
      name: 'slowest GetClip meanwhile',
      ours: Math.max(...during.map(({ ms }) => ms)),
      unit: 'ms',
      rival: disk,
      target: { of: 'ours', atMost: 250 },
    },
    { name: 'longest delay of the event loop meanwhile', ours: loopMaxMs, unit: 'ms', rival: disk, target: { of: 'ours', atMost: 100 } },
  ]
}
