import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EpochMs } from '../../lib/clock.js'
import { Archive } from '../archive/archive.js'
import { lockDataDir } from '../archive/data-dir-lock.js'
import { INDEX_FILE, openDatabase } from '../archive/database.js'
import { type FileSystem, nodeFileSystem } from '../archive/file-system.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION, StreamTable } from '../archive/stream-table.js'
import { UploadSession } from '../upload/upload-session.js'
import { DEMO_CAMERAS, DEMO_FOOTAGE_MS, type DemoCamera, isRecording, loadFootage } from './demo-camera.js'
import type { DemoCluster } from './looped-footage.js'

export interface FillOptions {
  readonly dataDir: string
  readonly region?: string
  readonly accountId?: string
  /** The footage ends here. */
  readonly nowMs: EpochMs
}

/** A camera sends while it films; this is how long its bytes take to arrive. */
const LATENCY_MS = 120
const UPLOAD_MS = 20 * 60_000
/** Says that a filling was begun and not finished. */
const MARK = 'demo-filling'

/**
 * Fills an empty archive with the demo cameras' last hour, on both clocks: the footage goes through the very upload session that
 * PutMedia uses, under a clock that says when it would have arrived. Archives with streams of anyone's are left alone. A filling
 * that was cut off is begun anew. @throws DataDirInUse
 */
export async function fillArchive({
  dataDir,
  region = DEFAULT_REGION,
  accountId = DEFAULT_ACCOUNT_ID,
  nowMs,
}: FillOptions): Promise<{ readonly isFilled: boolean }> {
  await mkdir(dataDir, { recursive: true })
  const unlock = lockDataDir(dataDir)
  const mark = join(dataDir, MARK)
  const database = openDatabase(join(dataDir, INDEX_FILE))
  const clock = new MovingClock(nowMs)
  try {
    const streams = new StreamTable(database, { region, accountId, clock })
    if (existsSync(mark)) removeDemoStreams(streams)
    if (streams.count() > 0) return { isFilled: false }
    await writeFile(mark, '')
    // Until the mark is gone nothing here was promised to anyone: the disk may take its time.
    const archive = await Archive.open({ dataDir, database, streams, clock, fileSystem: unsyncedFileSystem })
    for (const camera of DEMO_CAMERAS) await fillCamera(camera, { archive, streams, clock, nowMs })
    await archive.close()
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    await rm(mark)
    return { isFilled: true }
  } finally {
    database.close()
    unlock()
  }
}

function removeDemoStreams(streams: StreamTable): void {
  for (const { streamName } of DEMO_CAMERAS) {
    const stream = streams.find({ name: streamName, arn: null })
    if (stream !== undefined) streams.delete(stream)
  }
}

interface Filling {
  readonly archive: Archive
  readonly streams: StreamTable
  readonly clock: MovingClock
  readonly nowMs: EpochMs
}

async function fillCamera(camera: DemoCamera, { archive, streams, clock, nowMs }: Filling): Promise<void> {
  const startMs = nowMs - DEMO_FOOTAGE_MS
  const { streamName, mediaType, dataRetentionInHours } = camera
  // As old as its footage: what lies before a stream's creation lies before its head.
  const stream = streams.create({ name: streamName, mediaType, dataRetentionInHours, createdAtMs: startMs - 60_000 })
  const footage = await loadFootage(camera)
  let upload: { session: UploadSession; endMs: EpochMs } | null = null
  for (const cluster of footage.clustersFrom(startMs)) {
    if (cluster.endMs + LATENCY_MS > nowMs) break
    if (upload !== null && (cluster.timestampMs >= upload.endMs || !isRecording(camera, cluster.timestampMs, nowMs))) {
      await upload.session.finish()
      upload = null
    }
    if (!isRecording(camera, cluster.timestampMs, nowMs)) continue
    clock.moveTo(cluster.timestampMs + LATENCY_MS)
    upload ??= await openUpload(stream, footage.header, { archive, streams, clock, nowMs })
    await upload.session.receive(cluster.bytes)
  }
  await upload?.session.finish()
}

async function openUpload(stream: StreamRecord, header: DemoCluster['bytes'], { archive, streams, clock }: Filling) {
  const session = new UploadSession({
    archive,
    clock,
    streamId: stream.id,
    producerStartMs: null,
    findStream: () => streams.findById(stream.id),
    acknowledge({ EventType, ErrorCode }) {
      if (EventType === 'ERROR') throw new Error(`the demo footage of ${stream.name} was refused: ${ErrorCode}`)
    },
  })
  await session.receive(header)
  return { session, endMs: clock.now() + UPLOAD_MS }
}

/** Stands where it was moved to, and so makes the past happen again. */
class MovingClock {
  #nowMs: EpochMs

  constructor(nowMs: EpochMs) {
    this.#nowMs = nowMs
  }

  now(): EpochMs {
    return this.#nowMs
  }

  moveTo(nowMs: EpochMs): void {
    this.#nowMs = nowMs
  }
}

const unsyncedFileSystem: FileSystem = {
  ...nodeFileSystem,
  async create(path) {
    return { ...(await nodeFileSystem.create(path)), sync: async () => {} }
  },
  syncFile: async () => {},
  syncDirectory: async () => {},
}
