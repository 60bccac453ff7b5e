import type { DatabaseSync } from 'node:sqlite'
import { ArchiveError } from './archive-error.js'
import { integerOf } from './row.js'

/**
 * The tables of version 1. An older index has no version and some or all of these tables. `fragment_details` is separate from `fragments`
 * because listing reads `fragments` only: a thousand rows then fit a few pages.
 */
const VERSION_1 = `
  CREATE TABLE IF NOT EXISTS streams (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    arn TEXT NOT NULL UNIQUE,
    version TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    data_retention_in_hours INTEGER NOT NULL,
    media_type TEXT,
    device_name TEXT,
    kms_key_id TEXT NOT NULL,
    storage_tier TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS stream_floors (
    stream_id INTEGER PRIMARY KEY REFERENCES streams (id) ON DELETE CASCADE,
    kept_since_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS stream_tags (
    stream_id INTEGER NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (stream_id, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS demo_streams (
    stream_id INTEGER PRIMARY KEY REFERENCES streams (id) ON DELETE CASCADE,
    filled_from_ms INTEGER NOT NULL,
    filled_to_ms INTEGER NOT NULL,
    is_whole INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE IF NOT EXISTS media_headers (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS media_sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream_id INTEGER NOT NULL,
    header_hash BLOB NOT NULL
  );
  CREATE INDEX IF NOT EXISTS media_sessions_by_stream ON media_sessions (stream_id, id);
  CREATE INDEX IF NOT EXISTS media_sessions_by_header ON media_sessions (header_hash);

  CREATE TABLE IF NOT EXISTS fragments (
    file_id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    nonce INTEGER NOT NULL,
    session_id INTEGER NOT NULL,
    producer_ms INTEGER NOT NULL,
    server_ms INTEGER NOT NULL,
    length_ms INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    cluster_bytes INTEGER NOT NULL,
    persisted_ms INTEGER NOT NULL,
    frame_fault TEXT
  );
  CREATE UNIQUE INDEX IF NOT EXISTS fragments_by_sequence ON fragments (stream_id, sequence);
  CREATE INDEX IF NOT EXISTS fragments_by_server_time ON fragments (stream_id, server_ms, sequence);
  CREATE INDEX IF NOT EXISTS fragments_by_producer_time ON fragments (stream_id, producer_ms, sequence);
  CREATE TABLE IF NOT EXISTS fragment_details (
    file_id INTEGER PRIMARY KEY,
    samples BLOB NOT NULL,
    leading_tags BLOB NOT NULL,
    trailing_tags BLOB NOT NULL
  );
  CREATE TABLE IF NOT EXISTS fragment_removals (file_id INTEGER PRIMARY KEY);`

/** Each step takes the index from one version to the next. A step that was released never changes: append another. */
const STEPS: readonly string[] = [VERSION_1]

export const SCHEMA_VERSION = STEPS.length

/** @throws ArchiveError where a newer version of the program wrote the index. */
export function refuseNewerSchema(database: DatabaseSync, dataDir: string): void {
  const version = versionOf(database)
  if (version <= SCHEMA_VERSION) return
  throw new ArchiveError(
    'TOO_NEW',
    `A newer version of clipgate wrote the archive in ${dataDir} (schema version ${version}; this version supports up to ${SCHEMA_VERSION}). Install that version of clipgate, or choose another DATA_DIR.`,
  )
}

/** Brings the index to the current version. One transaction: a process that ends meanwhile leaves the index as it was. */
export function migrateSchema(database: DatabaseSync): void {
  const version = versionOf(database)
  if (version === SCHEMA_VERSION) return
  const steps = STEPS.slice(version).join(';')
  database.exec(`BEGIN IMMEDIATE; ${steps}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
}

/** https://www.sqlite.org/pragma.html#pragma_user_version */
function versionOf(database: DatabaseSync): number {
  return integerOf(database.prepare('PRAGMA user_version').get() ?? {}, 'user_version')
}
