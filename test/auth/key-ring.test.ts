import { describe, expect, test } from '@jest/globals'
import { parseApiKeyFile, printApiKeyFile } from '../../src/auth/api-key-file.js'
import { InvalidFile } from '../../src/auth/file-fields.js'
import { KeyRing } from '../../src/auth/key-ring.js'
import { createTestKey, revoked } from '../support/api-keys.js'

const NOW_MS = 1_700_000_500_000

function ringOf(...records: Parameters<KeyRing['replace']>[0]): KeyRing {
  const ring = new KeyRing({ now: () => NOW_MS })
  ring.replace(records)
  return ring
}

describe('a key ring', () => {
  const one = createTestKey(['streams:read'], ['lobby-*'])
  const other = createTestKey(['clips:request'], ['*'])

  test('finds the principal of a key, as the file states it', () => {
    const ring = ringOf(...parseApiKeyFile(printApiKeyFile([one.record, other.record])))
    expect(ring.find(one.key)).toMatchObject({ kind: 'API_KEY', id: one.record.id, name: 'partner', grants: one.record.grants })
    expect(ring.find(other.key)?.id).toBe(other.record.id)
  })

  test('finds nothing for the secret of another key, for an unknown key, and for other text', () => {
    const mixed = { ...one.record, sha256: other.record.sha256 }
    expect(ringOf(mixed).find(one.key)).toBeNull()
    expect(ringOf(one.record).find(other.key)).toBeNull()
    expect(ringOf(one.record).find('cgk_')).toBeNull()
  })

  test('finds nothing for an expired or revoked key', () => {
    const expired = { ...one.record, expiresAtMs: NOW_MS }
    expect(ringOf(expired).find(one.key)).toBeNull()
    expect(ringOf({ ...expired, expiresAtMs: NOW_MS + 1 }).find(one.key)).not.toBeNull()
    expect(ringOf(revoked(one).record).find(one.key)).toBeNull()
  })

  test('knows revoked and removed keys, which an expired key is not', () => {
    const ring = ringOf({ ...one.record, expiresAtMs: 1 }, revoked(other).record)
    expect([one.record.id, other.record.id, 'unknown'].map((id) => ring.isRevoked(id))).toEqual([false, true, true])
  })

  test('ends the principal of a key that is revoked, removed or changed, and of no other', () => {
    for (const next of [[revoked(one).record], [], [{ ...one.record, grants: other.record.grants }]]) {
      const ring = ringOf(one.record, other.record)
      const [ended, kept] = [ring.find(one.key)?.ended, ring.find(other.key)]
      ring.replace([...next, { ...other.record }])
      expect([ended?.aborted, kept?.ended?.aborted]).toEqual([true, false])
      expect(ring.find(other.key)).toBe(kept)
    }
  })
})

describe('a key file', () => {
  const { record } = createTestKey(['streams:read'], ['*'])
  const text = printApiKeyFile([record])

  test.each([
    ['cut off', text.slice(0, -10), 'must be JSON'],
    ['with an unknown member', text.replace('"name"', '"nmae"'), 'unknown member "nmae"'],
    ['with a scope that does not exist', text.replace('streams:read', 'streams:write'), '"streams:write" is not a scope'],
    ['with a pattern that does not exist', text.replace('"*"', '"a b"'), '"a b" is not a stream pattern'],
    ['without grants', text.replace(/"grants": \[[\s\S]*?\}\s*\]/, '"grants": []'), 'keys[0].grants must be a list'],
    ['with the key instead of its hash', text.replace(record.sha256, 'cgk_x'), 'sha256 of keys[0]'],
    ['with an instant without a zone', text.replace('.000Z', ''), 'createdAt of keys[0]'],
    ['with the same key twice', printApiKeyFile([record, record]), 'the same id'],
    ['of another form', '[]', 'must be a JSON object'],
  ])('%s is refused with the place', (_, broken, message) => {
    expect(() => parseApiKeyFile(broken)).toThrow(InvalidFile)
    expect(() => parseApiKeyFile(broken)).toThrow(message)
  })
})
