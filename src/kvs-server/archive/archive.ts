import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Clock, EpochMs } from '../../lib/clock.js'
import type { SampleTable } from '../../media/matroska/sample-table.js'
import type { ArchiveStores } from './archive-stores.js'
import { ArchiveWriter } from './archive-writer.js'
import { type ArchivedFragment, type FragmentDetails, type FragmentRange, type MediaSession, timestampOf } from './archived-fragment.js'
import { CommitLog } from './commit-log.js'
import { INDEX_FILE } from './database.js'
import { type FileSystem, nodeFileSystem, type ReadableFile } from './file-system.js'
import { FragmentFiles } from './fragment-files.js'
import { type FragmentCursor, FragmentIndex, type FragmentQuery } from './fragment-index.js'
import { parseFragmentNumber } from './fragment-number.js'
import { FragmentRecords } from './fragment-records.js'
import { HostBuffer } from './host-buffer.js'
import { takeLeftOverFiles } from './left-over-files.js'
import { RetentionSweep } from './retention-sweep.js'
import { SessionTable } from './session-table.js'
import type { StreamRecord } from './stream-record.js'

export interface ArchiveOptions {
  readonly dataDir: string
  readonly database: DatabaseSync
  readonly streams: { findById(id: number): StreamRecord | undefined }
  readonly clock: Clock
  readonly fileSystem?: FileSystem
  /** How often fragments past their retention are looked for. */
  readonly sweepIntervalMs?: number
  /** Called when a sweep failed. The next one tries again. */
  readonly onSweepFailed?: (error: unknown) => void
  /** Called with the number of media files that were moved aside because they have no record. */
  readonly onSetAside?: (count: number) => void
}

export interface ListOptions {
  readonly limit: number
  readonly after?: FragmentCursor | null
  /** How long after it was persisted a fragment stays out of the list. */
  readonly delayMs?: number
}

const MS_PER_HOUR = 3_600_000

/** The oldest instant of a stream whose fragments are still kept. */
export function retainedSince(stream: StreamRecord, now: EpochMs): EpochMs {
  return Math.max(stream.keptSinceMs, now - stream.dataRetentionInHours * MS_PER_HOUR)
}

/** The fragments of all streams: their files, and an index that names only files that are complete and on disk. */
export class Archive {
  /** Emits each fragment, under the id of its stream, as soon as it can be read. */
  readonly arrivals = new EventEmitter<Record<string, [ArchivedFragment]>>().setMaxListeners(0)
  readonly writer: ArchiveWriter
  readonly #index: FragmentIndex
  readonly #sessions: SessionTable
  readonly #files: FragmentFiles
  readonly #stores: ArchiveStores
  readonly #sweep: RetentionSweep
  readonly #hostBuffer = new HostBuffer()
  readonly #timer: NodeJS.Timeout

  private constructor(private readonly options: ArchiveOptions) {
    const { dataDir, database, fileSystem = nodeFileSystem, sweepIntervalMs = 10_000 } = options
    this.#index = new FragmentIndex(database)
    this.#sessions = new SessionTable(database)
    this.#files = new FragmentFiles(dataDir, fileSystem)
    const records = new FragmentRecords(dataDir, fileSystem)
    const commitLog = new CommitLog(database, join(dataDir, INDEX_FILE), fileSystem)
    const { streams, clock } = options
    this.#stores = { database, commitLog, index: this.#index, sessions: this.#sessions, files: this.#files, records, streams, clock }
    const onReadable = (fragment: ArchivedFragment) => this.arrivals.emit(String(fragment.streamId), fragment)
    this.writer = new ArchiveWriter({ ...this.#stores, hostBuffer: this.#hostBuffer, onReadable })
    this.#sweep = new RetentionSweep({ ...this.#stores, retainedSince: (streamId) => this.#retainedSince(streamId) })
    this.#timer = setInterval(() => this.sweepSoon(), sweepIntervalMs).unref()
  }

  /** Opens the archive. Everything that was persisted is there, however the last process ended. @throws ArchiveError */
  static async open(options: ArchiveOptions): Promise<Archive> {
    const archive = new Archive(options)
    await archive.#files.recover()
    const aside = await takeLeftOverFiles(options.dataDir, archive.#stores)
    archive.writer.skipTo(archive.#index.lastFileId())
    if (aside > 0) options.onSetAside?.(aside)
    archive.sweepSoon()
    return archive
  }

  /** In order of the range's clock, then of ingestion. */
  list(stream: StreamRecord, range: FragmentRange, { limit, after = null, delayMs = 0 }: ListOptions): ArchivedFragment[] {
    const now = this.options.clock.now()
    const query: FragmentQuery = {
      ...range,
      streamId: stream.id,
      retainedSinceMs: retainedSince(stream, now),
      listedUntilMs: delayMs === 0 ? Number.MAX_SAFE_INTEGER : now - delayMs,
    }
    return this.#index.list(query, limit, after)
  }

  /** Null when the stream has no fragment with this number, or the fragment has expired. */
  find(stream: StreamRecord, fragmentNumber: string): ArchivedFragment | null {
    const parts = parseFragmentNumber(fragmentNumber)
    if (parts === null) return null
    const found = this.#index.find(stream.id, parts.sequence) ?? this.#hostBuffer.find(stream.id, parts.sequence)?.fragment ?? null
    return found?.fragmentNumber === fragmentNumber && this.#isReadable(stream, found) ? found : null
  }

  /** The first fragment after `sequence` in ingestion order. */
  findNext(stream: StreamRecord, sequence: number): ArchivedFragment | null {
    const archived = this.#index.findNext(stream.id, sequence, retainedSince(stream, this.options.clock.now()))
    const buffered = this.#hostBuffer.findNext(stream.id, sequence)
    return archived !== null && (buffered === null || archived.sequence < buffered.sequence) ? archived : buffered
  }

  findNewest(stream: StreamRecord): ArchivedFragment | null {
    return this.#latest(stream, [this.#hostBuffer.newest(stream.id), this.#index.findNewest(stream.id)], ({ sequence }) => sequence)
  }

  /** The last fragment that starts at `timestampMs` or before. */
  findAt(stream: StreamRecord, clock: FragmentRange['clock'], timestampMs: EpochMs): ArchivedFragment | null {
    const found = [this.#hostBuffer.findAt(stream.id, clock, timestampMs), this.#index.findAt(stream.id, clock, timestampMs)]
    return this.#latest(stream, found, (fragment) => timestampOf(fragment, clock))
  }

  /** Null when the fragment has expired. */
  details({ streamId, sequence, source }: ArchivedFragment): FragmentDetails | null {
    if (source.kind === 'archived') return this.#index.details(source.fileId)
    return this.#hostBuffer.find(streamId, sequence)?.received.details ?? null
  }

  /** The sample table of each fragment; null for an expired one. */
  samples(fragments: readonly ArchivedFragment[]): (SampleTable | null)[] {
    const stored = this.#index.samples(fileIdsOf(fragments))
    return fragments.map((fragment) => {
      const { source } = fragment
      return (source.kind === 'archived' ? stored.get(source.fileId) : this.details(fragment)?.samples) ?? null
    })
  }

  session(id: number): MediaSession | null {
    return this.#sessions.find(id) ?? this.#hostBuffer.session(id)
  }

  open({ source }: ArchivedFragment): Promise<ReadableFile> {
    return source.kind === 'archived' ? this.#files.open(source.fileId) : this.#files.openPath(source.path)
  }

  /** Protects the files of archived fragments from retention until the returned function is called (once). */
  retain(fragments: readonly ArchivedFragment[]): () => void {
    const ids = fileIdsOf(fragments)
    this.#files.retain(ids)
    return () => this.#files.release(ids)
  }

  /** Starts a retention sweep now: after a decrease, or when a stream was deleted. */
  sweepSoon(): void {
    void this.sweep().catch((error: unknown) => this.options.onSweepFailed?.(error))
  }

  async sweep(): Promise<void> {
    const { clock, streams } = this.options
    for (const path of this.#hostBuffer.expire(clock.now(), (id) => streams.findById(id) !== undefined))
      await this.#files.removeIncoming(path)
    await this.#sweep.run()
  }

  /** Commits what is pending and closes all files. The owner of the database closes that. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.writer.settled()
    await this.#sweep.close()
    await this.#files.close()
    await this.#stores.records.close()
    await this.#stores.commitLog.close()
  }

  /** A stream whose retention was changed a moment ago has fragments in the host buffer and in the index. */
  #latest(
    stream: StreamRecord,
    found: readonly (ArchivedFragment | null)[],
    rank: (fragment: ArchivedFragment) => number,
  ): ArchivedFragment | null {
    const readable = found.flatMap((fragment) => (fragment !== null && this.#isReadable(stream, fragment) ? [fragment] : []))
    return readable.reduce<ArchivedFragment | null>((best, next) => (best === null || rank(next) > rank(best) ? next : best), null)
  }

  #isReadable(stream: StreamRecord, { source, serverTimestampMs }: ArchivedFragment): boolean {
    return source.kind === 'buffered' || serverTimestampMs >= retainedSince(stream, this.options.clock.now())
  }

  #retainedSince(streamId: number): EpochMs {
    const stream = this.options.streams.findById(streamId)
    // SQLite has no integer Infinity. This is later than any fragment.
    return stream === undefined ? Number.MAX_SAFE_INTEGER : retainedSince(stream, this.options.clock.now())
  }
}

function fileIdsOf(fragments: readonly ArchivedFragment[]): number[] {
  return fragments.flatMap(({ source }) => (source.kind === 'archived' ? [source.fileId] : []))
}
