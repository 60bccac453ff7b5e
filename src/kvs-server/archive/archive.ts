import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Clock, EpochMs } from '../../lib/clock.js'
import type { SampleTable } from '../../media/matroska/sample-table.js'
import type { ArchivedFragment, FragmentDetails, MediaSession, ReceivedFragment } from './archived-fragment.js'
import { CommitLog } from './commit-log.js'
import { INDEX_FILE } from './database.js'
import { type FileSystem, nodeFileSystem, type ReadableFile, type WritableFile } from './file-system.js'
import { FragmentFeed } from './fragment-feed.js'
import { FragmentFiles } from './fragment-files.js'
import { type FragmentCursor, FragmentIndex, type FragmentQuery } from './fragment-index.js'
import { FragmentIntake, toFragment } from './fragment-intake.js'
import { type FragmentNumberParts, NONCE_LIMIT, parseFragmentNumber } from './fragment-number.js'
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
  /** Told how many files of media moved aside, because nothing says what they are. */
  readonly onSetAside?: (count: number) => void
}

/** A range of fragment starts by one of the two clocks, both ends included. */
export interface FragmentRange {
  readonly clock: 'producer' | 'server'
  readonly startMs: EpochMs
  readonly endMs: EpochMs
}

export interface ListOptions {
  readonly limit: number
  readonly after?: FragmentCursor | null
  /** How long after it was persisted a fragment stays out of the list. */
  readonly delayMs?: number
}

const MS_PER_HOUR = 3_600_000
/** Sequences begin at the session's millisecond times this: they go on growing after a restart, whatever was not persisted. */
const SEQUENCES_PER_MS = 1024
const SESSIONS_REMEMBERED = 200

/** The oldest instant of a stream whose fragments are still kept. */
export function retainedSince(stream: StreamRecord, now: EpochMs): EpochMs {
  return Math.max(stream.keptSinceMs, now - stream.dataRetentionInHours * MS_PER_HOUR)
}

/** The fragments of all streams: files, and an index that never names a file that is not whole and on disk. */
export class Archive {
  readonly feed = new FragmentFeed()
  readonly #options: ArchiveOptions
  readonly #index: FragmentIndex
  readonly #sessions: SessionTable
  readonly #files: FragmentFiles
  readonly #records: FragmentRecords
  readonly #intake: FragmentIntake
  readonly #commitLog: CommitLog
  readonly #sweep: RetentionSweep
  readonly #hostBuffer = new HostBuffer()
  readonly #sequences = new Map<number, number>()
  readonly #knownSessions = new Map<number, MediaSession>()
  readonly #producers = new Set<number>()
  readonly #timer: NodeJS.Timeout

  private constructor(options: ArchiveOptions) {
    const { dataDir, database, fileSystem = nodeFileSystem, sweepIntervalMs = 10_000 } = options
    this.#options = options
    this.#index = new FragmentIndex(database)
    this.#sessions = new SessionTable(database)
    this.#files = new FragmentFiles(dataDir, fileSystem)
    this.#records = new FragmentRecords(dataDir, fileSystem)
    this.#commitLog = new CommitLog({ database, file: join(dataDir, INDEX_FILE), fileSystem })
    const stored = {
      database,
      index: this.#index,
      sessions: this.#sessions,
      files: this.#files,
      records: this.#records,
      commitLog: this.#commitLog,
    }
    this.#intake = new FragmentIntake({
      ...stored,
      streams: options.streams,
      clock: options.clock,
      onPersisted: (fragment) => this.feed.tell(fragment),
    })
    this.#sweep = new RetentionSweep({
      ...stored,
      retainedSince: (streamId) => this.#retainedSince(streamId),
    })
    this.#timer = setInterval(() => this.sweepSoon(), sweepIntervalMs).unref()
  }

  /** Opens the archive after whatever ended it before: what was persisted is there. @throws ArchiveError */
  static async open(options: ArchiveOptions): Promise<Archive> {
    const archive = new Archive(options)
    await archive.#files.recover()
    const stored = { index: archive.#index, sessions: archive.#sessions, files: archive.#files }
    const aside = await takeLeftOverFiles({ ...options, ...stored })
    archive.#intake.skipTo(archive.#index.lastFileId())
    if (aside > 0) options.onSetAside?.(aside)
    archive.sweepSoon()
    return archive
  }

  /** Makes the caller the only producer of the stream until the returned function is called. Null while there is another producer. */
  claimProducer(streamId: number): (() => void) | null {
    if (this.#producers.has(streamId)) return null
    this.#producers.add(streamId)
    return () => this.#producers.delete(streamId)
  }

  /** A header and the fragments to come with it. `now` is the upload's clock: footage of the past may be brought in as of then. */
  createSession(streamId: number, header: Uint8Array, now: EpochMs): MediaSession {
    const last = this.#sequences.get(streamId) ?? this.#index.findNewest(streamId)?.sequence ?? 0
    this.#sequences.set(streamId, Math.max(last, Math.floor(now) * SEQUENCES_PER_MS))
    return this.#remember(this.#sessions.create(streamId, header))
  }

  /** The number of a fragment whose reception begins now. */
  mintNumber({ streamId }: MediaSession, now: EpochMs): FragmentNumberParts {
    const last = this.#sequences.get(streamId)
    if (last === undefined) throw new Error(`no session was created for the stream ${streamId}`)
    const sequence = last + 1
    this.#sequences.set(streamId, sequence)
    return { sequence, serverTimestampMs: Math.floor(now), nonce: randomInt(NONCE_LIMIT) }
  }

  createFile(): Promise<{ readonly file: WritableFile; readonly path: string }> {
    return this.#files.create()
  }

  discardFile(path: string): Promise<void> {
    return this.#files.removeIncoming(path)
  }

  /** Resolves when file, directory and row are on disk. */
  persist(fragment: ReceivedFragment): Promise<ArchivedFragment> {
    return this.#intake.persist(fragment)
  }

  /** Keeps a fragment of a stream without retention for those who watch it live. */
  async keepForHost(received: ReceivedFragment): Promise<ArchivedFragment> {
    const { path, session, details } = received
    const fragment = toFragment(received, { kind: 'buffered', path })
    for (const stale of this.#hostBuffer.add({ fragment, path, session, details })) await this.#files.removeIncoming(stale)
    this.feed.tell(fragment)
    return fragment
  }

  /** In order of the range's clock, then of ingestion. */
  list(stream: StreamRecord, range: FragmentRange, { limit, after = null, delayMs = 0 }: ListOptions): ArchivedFragment[] {
    const now = this.#options.clock.now()
    const query: FragmentQuery = {
      ...range,
      streamId: stream.id,
      retainedSinceMs: retainedSince(stream, now),
      listedUntilMs: delayMs === 0 ? Number.MAX_SAFE_INTEGER : now - delayMs,
    }
    return this.#index.list(query, limit, after)
  }

  /** The fragment of that number; null when the stream has none such, or no longer. */
  find(stream: StreamRecord, fragmentNumber: string): ArchivedFragment | null {
    const parts = parseFragmentNumber(fragmentNumber)
    if (parts === null) return null
    const found = this.#index.find(stream.id, parts.sequence) ?? this.#hostBuffer.find(stream.id, parts.sequence)?.fragment ?? null
    return found?.fragmentNumber === fragmentNumber && this.#isReadable(stream, found) ? found : null
  }

  /** The first fragment behind `sequence` in order of ingestion. */
  findNext(stream: StreamRecord, sequence: number): ArchivedFragment | null {
    const archived = this.#index.findNext(stream.id, sequence, retainedSince(stream, this.#options.clock.now()))
    const buffered = this.#hostBuffer.findNext(stream.id, sequence)
    return archived !== null && (buffered === null || archived.sequence < buffered.sequence) ? archived : buffered
  }

  findNewest(stream: StreamRecord): ArchivedFragment | null {
    return this.#latest(stream, [this.#hostBuffer.newest(stream.id), this.#index.findNewest(stream.id)], ({ sequence }) => sequence)
  }

  /** The last fragment that starts at `timestampMs` or before. */
  findAt(stream: StreamRecord, clock: 'producer' | 'server', timestampMs: EpochMs): ArchivedFragment | null {
    const found = [this.#hostBuffer.findAt(stream.id, clock, timestampMs), this.#index.findAt(stream.id, clock, timestampMs)]
    return this.#latest(stream, found, (fragment) => (clock === 'producer' ? fragment.producerTimestampMs : fragment.serverTimestampMs))
  }

  /** Null when retention has taken the fragment meanwhile. */
  details({ streamId, sequence, source }: ArchivedFragment): FragmentDetails | null {
    if (source.kind === 'archived') return this.#index.details(source.fileId)
    return this.#hostBuffer.find(streamId, sequence)?.details ?? null
  }

  /** The frames of each of the fragments; null for one that retention has taken meanwhile. */
  samples(fragments: readonly ArchivedFragment[]): (SampleTable | null)[] {
    const stored = this.#index.samples(fileIdsOf(fragments))
    return fragments.map((fragment) => {
      const { source } = fragment
      return (source.kind === 'archived' ? stored.get(source.fileId) : this.details(fragment)?.samples) ?? null
    })
  }

  session(id: number): MediaSession | null {
    const known = this.#knownSessions.get(id)
    if (known !== undefined) return this.#remember(known)
    const stored = this.#hostBuffer.session(id) ?? this.#sessions.find(id)
    return stored === null ? null : this.#remember(stored)
  }

  /** The Cluster's bytes. */
  open({ source }: ArchivedFragment): Promise<ReadableFile> {
    return source.kind === 'archived' ? this.#files.open(source.fileId) : this.#files.openPath(source.path)
  }

  /** Protects the files of archived fragments from retention until the returned function is called (once). */
  retain(fragments: readonly ArchivedFragment[]): () => void {
    const ids = fileIdsOf(fragments)
    this.#files.retain(ids)
    return () => this.#files.release(ids)
  }

  /** Has retention looked at now: after a decrease, or when a stream was deleted. */
  sweepSoon(): void {
    void this.sweep().catch((error: unknown) => this.#options.onSweepFailed?.(error))
  }

  async sweep(): Promise<void> {
    const { clock, streams } = this.#options
    for (const path of this.#hostBuffer.expire(clock.now(), (id) => streams.findById(id) !== undefined))
      await this.#files.removeIncoming(path)
    await this.#sweep.run()
  }

  /** Commits what is pending and closes all files. The owner of the database closes that. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#intake.settled()
    await this.#sweep.close()
    await this.#files.close()
    await this.#records.close()
    await this.#commitLog.close()
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
    return source.kind === 'buffered' || serverTimestampMs >= retainedSince(stream, this.#options.clock.now())
  }

  #retainedSince(streamId: number): EpochMs {
    const stream = this.#options.streams.findById(streamId)
    // SQLite has no integer Infinity. This is later than any fragment.
    return stream === undefined ? Number.MAX_SAFE_INTEGER : retainedSince(stream, this.#options.clock.now())
  }

  #remember(session: MediaSession): MediaSession {
    this.#knownSessions.delete(session.id)
    this.#knownSessions.set(session.id, session)
    for (const id of this.#knownSessions.keys()) {
      if (this.#knownSessions.size <= SESSIONS_REMEMBERED) break
      this.#knownSessions.delete(id)
    }
    return session
  }
}

function fileIdsOf(fragments: readonly ArchivedFragment[]): number[] {
  return fragments.flatMap(({ source }) => (source.kind === 'archived' ? [source.fileId] : []))
}
