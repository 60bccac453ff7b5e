import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { EpochMs } from '../../lib/clock.js'
import { Archive } from '../archive/archive.js'
import { INDEX_FILE, inTransaction, lockDataDir, openDatabase } from '../archive/database.js'
import { unsyncedFileSystem } from '../archive/file-system.js'
import { FragmentIndex } from '../archive/fragment-index.js'
import { integerOf } from '../archive/row.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION, StreamTable } from '../archive/stream-table.js'
import { DEMO_CAMERAS, DEMO_FOOTAGE_MS, type DemoCamera, isRecording } from './demo-camera.js'
import { type DemoCluster, LoopedFootage } from './looped-footage.js'
import { LATENCY_MS, MovingClock, resumesAt, storePast } from './past-footage.js'

export interface FillOptions {
  readonly dataDir: string
  readonly region?: string
  readonly accountId?: string
  readonly nowMs: EpochMs
}

export interface FilledArchive {
  readonly isFilled: boolean
  readonly streams: readonly DemoStream[]
}

export interface DemoStream {
  readonly camera: DemoCamera
  readonly streamId: number
}

/** A live camera stores shorter gaps itself while the server runs. Longer ones are filled faster here. */
const CATCHES_UP_MS = 60_000

/**
 * Fills the streams of the demo cameras with the last hour of footage, on both clocks: in an empty archive, and again when a start finds that
 * the hour has passed. Never touches a stream of the user, whatever its name. An interrupted filling starts again.
 * @throws ArchiveError
 */
export async function fillArchive({
  dataDir,
  region = DEFAULT_REGION,
  accountId = DEFAULT_ACCOUNT_ID,
  nowMs,
}: FillOptions): Promise<FilledArchive> {
  await mkdir(dataDir, { recursive: true })
  using open = new DisposableStack()
  open.defer(lockDataDir(dataDir))
  const database = open.use(openDatabase(join(dataDir, INDEX_FILE)))
  const clock = new MovingClock(nowMs)
  const streams = new StreamTable(database, { region, accountId, clock })
  const filling: ArchiveFilling = { dataDir, database, streams, clock, demo: new DemoStreams(database), nowMs }
  if (streams.count() === 0) createDemoStreams(filling)
  const own = findDemoStreams(filling)
  const due = own.flatMap((stream) => beginFilling(stream, filling))
  if (due.length > 0) await fill(due, filling)
  return { isFilled: due.length > 0, streams: own }
}

interface ArchiveFilling extends Pick<FillOptions, 'dataDir' | 'nowMs'> {
  readonly database: DatabaseSync
  readonly streams: StreamTable
  readonly clock: MovingClock
  readonly demo: DemoStreams
}

/** Creates all streams in one transaction, so that an interrupted start leaves out none. */
function createDemoStreams({ database, streams, demo, nowMs }: ArchiveFilling): void {
  // As old as its footage: the head of a stream is never before its creation.
  const createdAtMs = nowMs - DEMO_FOOTAGE_MS - 60_000
  inTransaction(database, () => {
    for (const { streamName: name, mediaType, dataRetentionInHours } of DEMO_CAMERAS) {
      const stream = streams.create({ name, mediaType, dataRetentionInHours, createdAtMs })
      if (stream === null) throw new Error(`the demo stream ${name} already exists`)
      demo.beginFilling(stream.id, { fromMs: nowMs, toMs: nowMs })
    }
  })
}

function findDemoStreams({ streams, demo }: ArchiveFilling): DemoStream[] {
  return DEMO_CAMERAS.flatMap((camera) => {
    const stream = streams.find({ name: camera.streamName, arn: null })
    return stream === undefined || demo.findFilling(stream.id) === null ? [] : [{ camera, streamId: stream.id }]
  })
}

interface DueStream extends DemoStream {
  readonly fromMs: EpochMs
  /** Server time of the newest fragment of the stream; 0 if it has none. */
  readonly afterMs: EpochMs
}

/** Records the filling and removes the footage that it replaces, in one transaction. Returns nothing for a camera that is up to date. */
function beginFilling({ camera, streamId }: DemoStream, { database, streams, demo, nowMs }: ArchiveFilling): DueStream[] {
  const index = new FragmentIndex(database)
  return inTransaction(database, () => {
    const last = demo.findFilling(streamId)
    if (last?.isWhole === false) index.withdrawBetween(streamId, last)
    const newest = index.findNewest(streamId)
    const fromMs = resumesAt(newest, nowMs)
    if (!isDue(camera, streams.findById(streamId), { fromMs, nowMs })) return []
    // A camera that is not live keeps one filling only. An hour for each start would fill the disk.
    if (last !== null && !camera.isLive) index.withdrawBetween(streamId, last)
    demo.beginFilling(streamId, { fromMs, toMs: nowMs })
    return [{ camera, streamId, fromMs, afterMs: newest?.serverTimestampMs ?? 0 }]
  })
}

function isDue(camera: DemoCamera, stream: StreamRecord | undefined, { fromMs, nowMs }: { fromMs: EpochMs; nowMs: EpochMs }): boolean {
  // The user has set its retention to 0.
  if (stream === undefined || stream.dataRetentionInHours === 0) return false
  return nowMs - fromMs >= (camera.isLive ? CATCHES_UP_MS : DEMO_FOOTAGE_MS)
}

/** Does not sync: an interrupted filling starts again. */
async function fill(due: readonly DueStream[], { dataDir, database, streams, clock, demo, nowMs }: ArchiveFilling): Promise<void> {
  const archive = await Archive.open({ dataDir, database, streams, clock, fileSystem: unsyncedFileSystem })
  try {
    // Removes expired and withdrawn footage first, so that the disk never has both.
    await archive.sweep()
    for (const { camera, streamId, fromMs, afterMs } of due) {
      const footage = await LoopedFootage.load(camera.footage)
      const clusters = recordedClusters(camera, footage, { fromMs, nowMs })
      await storePast({ archive, streams, streamId, header: footage.header, clusters, afterMs, clock })
    }
  } finally {
    await archive.close()
  }
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  inTransaction(database, () => {
    for (const { streamId } of due) demo.endFilling(streamId)
  })
}

function* recordedClusters(
  camera: DemoCamera,
  footage: LoopedFootage,
  { fromMs, nowMs }: { readonly fromMs: EpochMs; readonly nowMs: EpochMs },
): Generator<DemoCluster> {
  for (const cluster of footage.clustersFrom(fromMs)) {
    // This Cluster would not have arrived completely yet.
    if (cluster.endMs + LATENCY_MS > nowMs) return
    if (isRecording(camera, cluster.timestampMs, nowMs)) yield cluster
  }
}

/** The last filling of a demo stream: everything between two server times, both included. */
export interface Filling {
  readonly fromMs: EpochMs
  readonly toMs: EpochMs
  /** False where the filling was cut off. */
  readonly isWhole: boolean
}

/**
 * The ids of the streams that the demo created. The name is not enough: a user may create a stream with the name of a camera. A row is deleted
 * with its stream.
 */
export class DemoStreams {
  constructor(private readonly database: DatabaseSync) {}

  /** Null for a stream that is not the demo's. */
  findFilling(streamId: number): Filling | null {
    const row = this.database.prepare('SELECT * FROM demo_streams WHERE stream_id = ?').get(streamId)
    if (row === undefined) return null
    return { fromMs: integerOf(row, 'filled_from_ms'), toMs: integerOf(row, 'filled_to_ms'), isWhole: integerOf(row, 'is_whole') === 1 }
  }

  beginFilling(streamId: number, { fromMs, toMs }: Pick<Filling, 'fromMs' | 'toMs'>): void {
    this.database.prepare('INSERT OR REPLACE INTO demo_streams VALUES (?, ?, ?, 0)').run(streamId, fromMs, toMs)
  }

  endFilling(streamId: number): void {
    this.database.prepare('UPDATE demo_streams SET is_whole = 1 WHERE stream_id = ?').run(streamId)
  }
}
