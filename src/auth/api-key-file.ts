import type { EpochMs } from '../lib/clock.js'
import { API_KEY_ID } from './api-key.js'
import { FileFields, InvalidFile, parseJson } from './file-fields.js'
import { type Grant, parseGrants, toGrantFields } from './grant.js'

/** An API key in API_KEYS_FILE. The key itself is not stored. */
export interface ApiKeyRecord {
  readonly id: string
  readonly name: string
  /** SHA-256 of the key, in hexadecimal. */
  readonly sha256: string
  readonly grants: readonly Grant[]
  readonly createdAtMs: EpochMs
  readonly expiresAtMs: EpochMs | null
  readonly revokedAtMs: EpochMs | null
}

export const KEY_NAME = /^[^\p{C}]{1,100}$/u
const MEMBERS = ['id', 'name', 'sha256', 'grants', 'createdAt', 'expiresAt', 'revokedAt']
const MAX_KEYS = 10_000

/** @throws InvalidFile */
export function parseApiKeyFile(text: string): readonly ApiKeyRecord[] {
  const keys = new FileFields(parseJson(text), 'The file', ['keys']).get('keys')
  if (!Array.isArray(keys) || keys.length > MAX_KEYS)
    throw new InvalidFile(`The member keys of the file must be a list of at most ${MAX_KEYS} keys.`)
  const records = keys.map((key: unknown, index) => parseRecord(key, `keys[${index}]`))
  const ids = new Set(records.map(({ id }) => id))
  if (ids.size < records.length) throw new InvalidFile('Two keys of the file have the same id.')
  return records
}

function parseRecord(value: unknown, place: string): ApiKeyRecord {
  const fields = new FileFields(value, place, MEMBERS)
  return {
    id: fields.text('id', API_KEY_ID),
    name: fields.text('name', KEY_NAME),
    sha256: fields.text('sha256', /^[0-9a-f]{64}$/),
    grants: parseGrants(fields.get('grants'), `${place}.grants`),
    createdAtMs: fields.instant('createdAt') ?? 0,
    expiresAtMs: fields.instant('expiresAt'),
    revokedAtMs: fields.instant('revokedAt'),
  }
}

export function printApiKeyFile(records: readonly ApiKeyRecord[]): string {
  const keys = records.map(({ id, name, sha256, grants, ...times }) => ({
    id,
    name,
    sha256,
    grants: toGrantFields(grants),
    createdAt: toInstant(times.createdAtMs),
    expiresAt: toInstant(times.expiresAtMs),
    revokedAt: toInstant(times.revokedAtMs),
  }))
  return `${JSON.stringify({ keys }, null, 2)}\n`
}

function toInstant(ms: EpochMs | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
