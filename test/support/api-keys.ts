import { writeFile } from 'node:fs/promises'
import { createApiKey, hashApiKey } from '../../src/auth/api-key.js'
import { type ApiKeyRecord, printApiKeyFile } from '../../src/auth/api-key-file.js'
import { parseGrants } from '../../src/auth/grant.js'
import type { Scope } from '../../src/auth/scope.js'

export interface TestKey {
  readonly key: string
  readonly record: ApiKeyRecord
}

/** A key with one grant. */
export function createTestKey(scopes: readonly Scope[], streams: readonly string[], changes: Partial<ApiKeyRecord> = {}): TestKey {
  const { id, key } = createApiKey()
  const record = {
    id,
    name: 'partner',
    sha256: hashApiKey(key).toString('hex'),
    grants: parseGrants([{ scopes, streams }], 'grants'),
    createdAtMs: 1_700_000_000_000,
    expiresAtMs: null,
    revokedAtMs: null,
    ...changes,
  }
  return { key, record }
}

export async function writeKeys(path: string, keys: readonly TestKey[]): Promise<void> {
  await writeFile(path, printApiKeyFile(keys.map(({ record }) => record)))
}

/** The key, revoked. */
export function revoked({ key, record }: TestKey): TestKey {
  return { key, record: { ...record, revokedAtMs: 1_700_000_000_001 } }
}
