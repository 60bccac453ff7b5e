import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { KeyRing } from '../../../src/auth/key-ring.js'
import { RevocationStore } from '../../../src/auth/revocation-store.js'
import { UrlRevocations } from '../../../src/auth/url-revocations.js'
import type { OpenedUrl } from '../../../src/delivery/url/clip-sealer.js'
import { toClipKey } from '../../../src/delivery/url/clip-spec.js'
import { OpenUrls } from '../../../src/delivery/url/open-urls.js'
import { createTestKey, revoked } from '../../support/api-keys.js'
import { fakeStream } from '../../support/fake-kvs.js'

const NOW_MS = 1_800_000_000_000
const key = createTestKey(['clips:request'], ['*'])
let store: RevocationStore
let keys: KeyRing
let revocations: UrlRevocations
let urls: OpenUrls

beforeEach(() => {
  store = new RevocationStore(':memory:', NOW_MS)
  keys = new KeyRing({ now: () => NOW_MS })
  keys.replace([key.record])
  revocations = new UrlRevocations(store, keys, { now: () => NOW_MS })
  urls = new OpenUrls(revocations)
})
afterEach(() => store.close())

function toUrl(name: string, principal = '', issuedAtMs = NOW_MS): OpenedUrl {
  const pin = { fragmentCount: 1, firstFragmentNumber: '1', lastFragmentNumber: '1', digest: new Uint8Array(32) }
  const range = { startMs: 0, endMs: 1000 }
  const choices = { fragmentSelectorType: 'SERVER_TIMESTAMP', cut: 'FRAGMENT', overflow: 'JOIN', fileName: null } as const
  return { spec: { streamArn: fakeStream(name).arn, range, pin, ...choices }, expiresAtMs: NOW_MS + 900_000, issuedAtMs, principal }
}

function hold(url: OpenedUrl) {
  let releases = 0
  const held = urls.hold(url, {
    release() {
      releases += 1
    },
  })
  return { ...held, releases: () => releases }
}

test('a revocation cuts the downloads of its URLs, and no other', () => {
  const [doomed, other, later] = [hold(toUrl('lobby')), hold(toUrl('garage')), hold(toUrl('lobby', '', NOW_MS + 1))]
  expect(revocations.revokeClip(toClipKey(toUrl('lobby').spec))).toBe(NOW_MS + 1)
  expect([doomed, other, later].map(({ revoked: { aborted } }) => aborted)).toEqual([true, false, false])
  expect(doomed.revoked.reason).toMatchObject({ reason: 'REVOKED' })
})

test('a revoked API key cuts the downloads of its URLs', () => {
  const [ofKey, anonymous] = [hold(toUrl('lobby', key.record.id)), hold(toUrl('lobby'))]
  keys.replace([revoked(key).record])
  expect([ofKey.revoked.aborted, anonymous.revoked.aborted]).toEqual([true, false])
})

test('a released URL is released with its clip, and is no longer cut', () => {
  const { hold: held, revoked: end, releases } = hold(toUrl('lobby'))
  held.release()
  revocations.revokeClip(toClipKey(toUrl('lobby').spec))
  expect([releases(), end.aborted]).toEqual([1, false])
})
