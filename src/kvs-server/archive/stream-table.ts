import { randomInt } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Clock, EpochMs } from '../../lib/clock.js'
import { inTransaction, lastIdOf } from './database.js'
import { integerOf, type Row, textOf, textOrNullOf } from './row.js'
import type { StreamRecord } from './stream-record.js'

export const DEFAULT_REGION = 'us-east-1'
export const DEFAULT_ACCOUNT_ID = '000000000000'

export interface StreamTableOptions {
  readonly region: string
  readonly accountId: string
  readonly clock: Clock
  readonly onChanged?: () => void
}

export interface NewStream {
  readonly name: string
  readonly dataRetentionInHours?: number
  readonly deviceName?: string | null
  readonly mediaType?: string | null
  readonly kmsKeyId?: string | null
  readonly storageTier?: StorageTier
  /** Default: now. Earlier for a stream that gets older footage, because the head of a stream is never before its creation. */
  readonly createdAtMs?: EpochMs
}

export type StorageTier = 'HOT' | 'WARM'

export interface StreamChange {
  readonly deviceName?: string | null
  readonly mediaType?: string | null
  readonly dataRetentionInHours?: number
  readonly storageTier?: StorageTier
}

/** A stream by name, by ARN, or by both. Both must match the same stream. */
export interface StreamSelector {
  readonly name: string | null
  readonly arn: string | null
}

export interface StreamPage {
  readonly afterName?: string | null
  readonly namePrefix?: string | null
  readonly limit: number
}

const SELECT = 'SELECT streams.*, coalesce(kept_since_ms, 0) AS kept_since_ms FROM streams LEFT JOIN stream_floors ON stream_id = id'
const MS_PER_HOUR = 3_600_000
const DELETED_ARNS_KEPT = 1000
const STREAMS_REMEMBERED = 1000
const VERSION_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const LAST_CHARACTER = '\u{10FFFF}'

/** The streams of the account. A stream that is deleted and created again is a new stream with a new id and ARN. */
export class StreamTable {
  readonly #byId: StatementSync
  readonly #byName: StatementSync
  readonly #byArn: StatementSync
  readonly #deletedArns = new Set<string>()
  /** A cache by id: uploads read their stream several times per fragment. Only this process writes to the index. */
  readonly #known = new Map<number, StreamRecord>()

  constructor(
    private readonly database: DatabaseSync,
    private readonly options: StreamTableOptions,
  ) {
    this.#byId = database.prepare(`${SELECT} WHERE id = ?`)
    this.#byName = database.prepare(`${SELECT} WHERE name = ?`)
    this.#byArn = database.prepare(`${SELECT} WHERE arn = ?`)
  }

  /** Null when a stream of that name exists. */
  create({ name, createdAtMs = this.options.clock.now(), ...stream }: NewStream): StreamRecord | null {
    if (this.find({ name, arn: null }) !== undefined) return null
    this.#insert({
      ...{ id: null, name, version: createVersion(), ...this.#unusedArn(name, Math.floor(createdAtMs)) },
      ...{ deviceName: stream.deviceName ?? null, mediaType: stream.mediaType ?? null, kmsKeyId: stream.kmsKeyId ?? this.#defaultKmsKey() },
      ...{ dataRetentionInHours: stream.dataRetentionInHours ?? 0, storageTier: stream.storageTier ?? 'HOT' },
    })
    this.options.onChanged?.()
    return this.find({ name, arn: null }) ?? null
  }

  /** Inserts a stream of a lost index with its old id and version. */
  restore(stream: StreamRecord, storageTier: StorageTier): void {
    this.#insert({ ...stream, storageTier })
    if (stream.keptSinceMs > 0) this.database.prepare('INSERT INTO stream_floors VALUES (?, ?)').run(stream.id, stream.keptSinceMs)
  }

  #insert(
    row: Omit<StreamRecord, 'id' | 'status' | 'keptSinceMs'> & { readonly id: number | null; readonly storageTier: StorageTier },
  ): void {
    const { id, name, arn, version, createdAtMs, dataRetentionInHours, mediaType, deviceName, kmsKeyId, storageTier } = row
    this.database
      .prepare('INSERT INTO streams VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(id, name, arn, version, createdAtMs, dataRetentionInHours, mediaType, deviceName, kmsKeyId, storageTier)
  }

  lastId(): number {
    return lastIdOf(this.database, 'streams')
  }

  find({ name, arn }: StreamSelector): StreamRecord | undefined {
    const row = name === null ? this.#byArn.get(arn) : this.#byName.get(name)
    const stream = row === undefined ? undefined : toRecord(row)
    return arn === null || stream?.arn === arn ? stream : undefined
  }

  findById(id: number): StreamRecord | undefined {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const row = this.#byId.get(id)
    if (row === undefined) return undefined
    const stream = toRecord(row)
    if (this.#known.size >= STREAMS_REMEMBERED) this.#known.clear()
    this.#known.set(id, stream)
    return stream
  }

  /** Ordered by name. `afterName` is the last name of the page before. */
  list({ afterName, namePrefix, limit }: StreamPage): StreamRecord[] {
    const prefix = namePrefix ?? ''
    const rows = this.database
      .prepare(`${SELECT} WHERE name > ? AND name >= ? AND name < ? ORDER BY name LIMIT ?`)
      .all(afterName ?? '', prefix, prefix + LAST_CHARACTER, limit)
    return rows.map(toRecord)
  }

  count(): number {
    return integerOf(this.database.prepare('SELECT count(*) AS streams FROM streams').get() ?? {}, 'streams')
  }

  storageTier(id: number): StorageTier {
    return this.database.prepare('SELECT storage_tier FROM streams WHERE id = ?').get(id)?.storage_tier === 'WARM' ? 'WARM' : 'HOT'
  }

  /** Each change of the metadata creates a new version. */
  update(stream: StreamRecord, change: StreamChange): void {
    this.#known.delete(stream.id)
    inTransaction(this.database, () => {
      if (change.dataRetentionInHours !== undefined) this.#raiseFloor(stream, change.dataRetentionInHours)
      this.#change(stream, change)
    })
    this.options.onChanged?.()
  }

  // Expired footage may still be there when its retention grows. The floor keeps it hidden until the sweep removes it.
  #raiseFloor({ id, keptSinceMs, dataRetentionInHours }: StreamRecord, nextHours: number): void {
    const hours = Math.min(dataRetentionInHours, nextHours)
    const floorMs = Math.max(keptSinceMs, Math.floor(this.options.clock.now()) - hours * MS_PER_HOUR)
    this.database.prepare('INSERT OR REPLACE INTO stream_floors VALUES (?, ?)').run(id, floorMs)
  }

  #change(stream: StreamRecord, change: StreamChange): void {
    this.database
      .prepare(
        'UPDATE streams SET version = ?, device_name = ?, media_type = ?, data_retention_in_hours = ?, storage_tier = ? WHERE id = ?',
      )
      .run(
        createVersion(),
        change.deviceName ?? stream.deviceName,
        change.mediaType ?? stream.mediaType,
        change.dataRetentionInHours ?? stream.dataRetentionInHours,
        change.storageTier ?? this.storageTier(stream.id),
        stream.id,
      )
  }

  delete(stream: StreamRecord): void {
    this.#known.delete(stream.id)
    this.database.prepare('DELETE FROM streams WHERE id = ?').run(stream.id)
    if (this.#deletedArns.size >= DELETED_ARNS_KEPT) this.#deletedArns.clear()
    this.#deletedArns.add(stream.arn)
    this.options.onChanged?.()
  }

  /** A stream may be deleted and created again within a millisecond. The ARNs still differ. */
  #unusedArn(name: string, createdAtMs: EpochMs): { arn: string; createdAtMs: EpochMs } {
    const { region, accountId } = this.options
    const arn = `arn:aws:kinesisvideo:${region}:${accountId}:stream/${name}/${createdAtMs}`
    return this.#deletedArns.has(arn) ? this.#unusedArn(name, createdAtMs + 1) : { arn, createdAtMs }
  }

  #defaultKmsKey(): string {
    return `arn:aws:kms:${this.options.region}:${this.options.accountId}:alias/aws/kinesisvideo`
  }
}

// On AWS creation takes a while. Here a stream is ACTIVE as soon as it has a row, and deleted as soon as the row is.
function toRecord(row: Row): StreamRecord {
  return {
    id: integerOf(row, 'id'),
    name: textOf(row, 'name'),
    arn: textOf(row, 'arn'),
    status: 'ACTIVE',
    version: textOf(row, 'version'),
    createdAtMs: integerOf(row, 'created_at_ms'),
    dataRetentionInHours: integerOf(row, 'data_retention_in_hours'),
    keptSinceMs: integerOf(row, 'kept_since_ms'),
    mediaType: textOrNullOf(row, 'media_type'),
    deviceName: textOrNullOf(row, 'device_name'),
    kmsKeyId: textOf(row, 'kms_key_id'),
  }
}

/** 20 alphanumerics, as AWS's versions look. */
function createVersion(): string {
  return Array.from({ length: 20 }, () => VERSION_ALPHABET[randomInt(VERSION_ALPHABET.length)]).join('')
}
