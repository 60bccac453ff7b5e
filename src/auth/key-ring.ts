import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../lib/clock.js'
import { hashApiKey, parseApiKey } from './api-key.js'
import type { ApiKeyRecord } from './api-key-file.js'
import { toGrantFields } from './grant.js'
import type { Principal } from './principal.js'

interface Entry {
  readonly record: ApiKeyRecord
  readonly sha256: Buffer
  readonly principal: Principal
  /** Aborted when the key no longer exists in this form. */
  readonly end: AbortController
}

/** An unknown ID is compared too, so that timing does not reveal which IDs exist. */
const NO_HASH = Buffer.alloc(32)

/** The API keys in force. */
export class KeyRing {
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()
  #entries: ReadonlyMap<string, Entry> = new Map()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Replaces the keys. Ends the principals of keys that are revoked, removed or changed. */
  replace(records: readonly ApiKeyRecord[]): void {
    const before = this.#entries
    this.#entries = new Map(records.map((record) => [record.id, toEntry(record, before.get(record.id))]))
    for (const [id, { end }] of before) {
      if (this.#entries.get(id)?.end !== end) end.abort()
    }
    for (const listener of this.#listeners) listener()
  }

  /** Null for an unknown, revoked or expired key. */
  find(key: string): Principal | null {
    const id = parseApiKey(key)
    const entry = id === null ? undefined : this.#entries.get(id)
    const isEqual = timingSafeEqual(hashApiKey(key), entry?.sha256 ?? NO_HASH)
    if (entry === undefined || !isEqual || entry.record.revokedAtMs !== null) return null
    const { expiresAtMs } = entry.record
    return expiresAtMs !== null && expiresAtMs <= this.#clock.now() ? null : entry.principal
  }

  /** Whether the key is revoked or removed. Clip URLs of an expired key stay valid. */
  isRevoked(id: string): boolean {
    return this.#entries.get(id)?.record.revokedAtMs !== null
  }

  /** Called after each change of the keys. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }
}

/** Keeps the entry of an unchanged key, so that its WebSockets stay open. */
function toEntry(record: ApiKeyRecord, known: Entry | undefined): Entry {
  if (known !== undefined && known.record.revokedAtMs === record.revokedAtMs && textOf(known.record) === textOf(record)) return known
  const { id, name, grants, expiresAtMs } = record
  const end = new AbortController()
  const principal = { kind: 'API_KEY', id, name, grants, expiresAtMs, endsAtMs: expiresAtMs, ended: end.signal } as const
  return { record, sha256: Buffer.from(record.sha256, 'hex'), principal, end }
}

function textOf({ grants, ...rest }: ApiKeyRecord): string {
  return JSON.stringify([rest, toGrantFields(grants)])
}
