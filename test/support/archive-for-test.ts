import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Archive } from '../../src/kvs-server/archive/archive.js'
import { openDatabase } from '../../src/kvs-server/archive/database.js'
import type { FileSystem } from '../../src/kvs-server/archive/file-system.js'
import type { StreamRecord } from '../../src/kvs-server/archive/stream-record.js'
import { StreamTable } from '../../src/kvs-server/archive/stream-table.js'
import type { Acknowledgement } from '../../src/kvs-server/upload/acknowledgement.js'
import { UploadSession } from '../../src/kvs-server/upload/upload-session.js'
import type { Clock } from '../../src/lib/clock.js'

export const NOW = Date.parse('2026-05-04T12:00:00Z')

export class SetClock implements Clock {
  constructor(public at = NOW) {}
  now(): number {
    return this.at
  }
}

export interface TestArchive extends AsyncDisposable {
  readonly archive: Archive
  readonly streams: StreamTable
  readonly clock: SetClock
  readonly dataDir: string
  createStream(name: string, hours?: number): StreamRecord
  /** Uploads a whole body as one PutMedia call. Resolves with its acknowledgements. */
  upload(
    stream: StreamRecord,
    body: Uint8Array,
    options?: { producerStartMs?: number | null; chunkBytes?: number },
  ): Promise<Acknowledgement[]>
  session(stream: StreamRecord, acks: Acknowledgement[], producerStartMs?: number | null): UploadSession
}

/** An archive over its own folder, with a clock that stands still until it is set. */
export async function openTestArchive(options: { fileSystem?: FileSystem; dataDir?: string; clock?: SetClock } = {}): Promise<TestArchive> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'clipgate-archive-')))
  const clock = options.clock ?? new SetClock()
  const database = openDatabase(join(dataDir, 'index.sqlite'))
  const streams = new StreamTable(database, { region: 'us-east-1', accountId: '000000000000', clock })
  const { fileSystem } = options
  const archive = await Archive.open({ dataDir, database, streams, clock, ...(fileSystem ? { fileSystem } : {}) })
  const session = (stream: StreamRecord, acks: Acknowledgement[], producerStartMs: number | null = NOW) =>
    new UploadSession({
      archive: archive.writer,
      clock,
      streamId: stream.id,
      producerStartMs,
      findStream: () => streams.findById(stream.id),
      acknowledge: (acknowledgement) => acks.push(acknowledgement),
    })
  return {
    archive,
    streams,
    clock,
    dataDir,
    session,
    createStream(name, hours = 24) {
      const stream = streams.create({ name, dataRetentionInHours: hours })
      if (stream === null) throw new Error(`the stream ${name} exists already`)
      return stream
    },
    async upload(stream, body, { producerStartMs = NOW, chunkBytes = body.byteLength } = {}) {
      const acks: Acknowledgement[] = []
      const upload = session(stream, acks, producerStartMs)
      for (let at = 0; at < body.byteLength; at += chunkBytes) await upload.receive(body.slice(at, at + chunkBytes))
      await upload.finish()
      return acks
    },
    async [Symbol.asyncDispose]() {
      await archive.close()
      database.close()
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
    },
  }
}
