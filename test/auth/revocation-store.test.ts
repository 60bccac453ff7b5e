import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { KeyRing } from '../../src/auth/key-ring.js'
import { RevocationStore } from '../../src/auth/revocation-store.js'
import { toUrlPrincipal, UrlRevocations } from '../../src/auth/url-revocations.js'
import { createTestKey, revoked } from '../support/api-keys.js'
import { eventually } from '../support/eventually.js'
import { fakeStream } from '../support/fake-kvs.js'

const NOW_MS = 1_800_000_000_000
let folder: string
let store: RevocationStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-revocations-'))
  store = openStore()
})
afterEach(async () => {
  store.close()
  await rm(folder, { recursive: true, force: true })
})

function openStore(nowMs = NOW_MS): RevocationStore {
  return new RevocationStore(join(folder, 'revocations.sqlite'), nowMs)
}

describe('revocations', () => {
  test('survive a restart, until no URL can be older', () => {
    const before = store.add('clip:a', '', NOW_MS)
    expect(before).toBe(NOW_MS + 1)
    store.close()
    store = openStore(NOW_MS + 1000)
    expect(store.find('clip:a')).toEqual([{ revokedBeforeMs: before, streams: '' }])
    expect(store.find('clip:b')).toEqual([])
    store.close()
    store = openStore(NOW_MS + 500 * 86_400_000)
    expect(store.find('clip:a')).toEqual([])
  })

  test('are later than earlier ones, also at the same time or when the clock goes back', () => {
    const times = [NOW_MS, NOW_MS, NOW_MS - 10_000].map((nowMs) => store.add('clip:a', '', nowMs))
    expect(times).toEqual([NOW_MS + 1, NOW_MS + 2, NOW_MS + 3])
  })

  test('of another gateway with the same file hold at once, and are announced within a second', async () => {
    const other = openStore()
    let announced = 0
    other.onChange(() => {
      announced += 1
    })
    store.add('clip:a', '', NOW_MS)
    expect(other.find('clip:a')).toHaveLength(1)
    const startMs = performance.now()
    await eventually(() => expect(announced).toBe(1))
    expect(performance.now() - startMs).toBeLessThan(10_000)
    other.close()
  })

  test('of a full store are merged into one for everyone, so that none is lost', () => {
    const small = new RevocationStore(join(folder, 'small.sqlite'), NOW_MS, 100)
    for (let index = 0; index < 101; index += 1) small.add(`clip:${index}`, '', NOW_MS + index)
    expect(small.find('clip:0')).toEqual([{ revokedBeforeMs: NOW_MS + 1, streams: '' }])
    expect(small.find('clip:100')).toHaveLength(2)
    for (let index = 101; index < 150; index += 1) small.add(`clip:${index}`, '', NOW_MS + index)
    expect(small.find('clip:20')).toEqual([{ revokedBeforeMs: NOW_MS + 50, streams: '' }])
    small.close()
  })
})

describe('a URL', () => {
  const url = { clip: 'a', streamArn: fakeStream('lobby-1').arn, principal: 'https://issuer.example#alice' }
  const revocationsOf = (keys: KeyRing | null = null) => new UrlRevocations(store, keys, { now: () => NOW_MS })

  test('is revoked with its clip, and one that is issued later is not', () => {
    const revocations = revocationsOf()
    expect(revocations.isRevoked(url, 0)).toBe(false)
    const before = revocations.revokeClip('a')
    expect([before - 1, before].map((issuedAtMs) => revocations.isRevoked(url, issuedAtMs))).toEqual([true, false])
    expect(revocations.isRevoked({ ...url, clip: 'b' }, 0)).toBe(false)
    expect(revocations.lastRevocation(url)).toBe(before)
  })

  test('is revoked with its principal, for the streams of the revocation', () => {
    const revocations = revocationsOf()
    revocations.revokePrincipal(url.principal, ['lobby-*', fakeStream('gate').arn])
    const isRevoked = (changes: Partial<typeof url>) => revocations.isRevoked({ ...url, ...changes }, NOW_MS)
    expect(isRevoked({})).toBe(true)
    expect(isRevoked({ streamArn: fakeStream('gate').arn })).toBe(true)
    expect(isRevoked({ streamArn: fakeStream('garage').arn })).toBe(false)
    expect(isRevoked({ principal: 'https://issuer.example#bob' })).toBe(false)
    revocations.revokePrincipal(url.principal, ['garage'])
    expect([isRevoked({}), isRevoked({ streamArn: fakeStream('garage').arn })]).toEqual([true, true])
  })

  test('of a principal with a long ID is revoked by that ID', () => {
    const id = `https://issuer.example#${'x'.repeat(255)}`
    const principal = toUrlPrincipal(id)
    expect(principal.length).toBeLessThan(60)
    const revocations = revocationsOf()
    revocations.revokePrincipal(id, ['*'])
    expect(revocations.isRevoked({ ...url, principal }, NOW_MS)).toBe(true)
  })

  test('is revoked with its API key, and not when the key expires', () => {
    const key = createTestKey(['clips:request'], ['*'], { expiresAtMs: 1 })
    const ring = new KeyRing({ now: () => NOW_MS })
    ring.replace([key.record])
    const ofKey = { ...url, principal: key.record.id }
    const revocations = revocationsOf(ring)
    let changes = 0
    revocations.onChange(() => {
      changes += 1
    })
    expect(revocations.isRevoked(ofKey, NOW_MS)).toBe(false)
    ring.replace([revoked(key).record])
    expect([revocations.isRevoked(ofKey, NOW_MS), changes]).toEqual([true, 1])
    expect(revocationsOf(null).isRevoked(ofKey, NOW_MS)).toBe(true)
    expect(revocations.isRevoked({ ...url, principal: '' }, NOW_MS)).toBe(false)
  })
})
