import { expect, test } from '@jest/globals'
import { onCredentialEnd } from '../../src/auth/credential-end.js'
import { ANONYMOUS } from '../../src/auth/principal.js'
import { eventually } from '../support/eventually.js'

const NOW_MS = 1_800_000_000_000
const clock = { now: () => NOW_MS }

function watch(changes: Partial<typeof ANONYMOUS>) {
  const seen = { ends: 0 }
  const stop = onCredentialEnd({ ...ANONYMOUS, kind: 'OIDC', ...changes }, clock, () => {
    seen.ends += 1
  })
  return { seen, stop }
}

test('a credential that has ended already ends at once, and only once', () => {
  const end = new AbortController()
  end.abort()
  expect(watch({ endsAtMs: NOW_MS }).seen.ends).toBe(1)
  expect(watch({ ended: end.signal, endsAtMs: NOW_MS }).seen.ends).toBe(1)
})

test('a credential ends when it is no longer accepted, or when it is revoked before', async () => {
  const expiring = watch({ endsAtMs: NOW_MS + 5 })
  const end = new AbortController()
  const revoked = watch({ ended: end.signal, endsAtMs: NOW_MS + 3_600_000 })
  end.abort()
  expect(revoked.seen.ends).toBe(1)
  let nowMs = NOW_MS
  const seen = { ends: 0 }
  onCredentialEnd({ ...ANONYMOUS, endsAtMs: NOW_MS + 5 }, { now: () => nowMs }, () => {
    seen.ends += 1
  })
  nowMs += 5
  await eventually(() => expect(seen.ends).toBe(1))
  expiring.stop()
})

test('a credential of many years does not end at once, and one that is not watched any more does not end', async () => {
  const lasting = watch({ endsAtMs: NOW_MS + 10 * 365 * 86_400_000 })
  const end = new AbortController()
  const stopped = watch({ ended: end.signal, endsAtMs: null })
  stopped.stop()
  end.abort()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect([lasting.seen.ends, stopped.seen.ends]).toEqual([0, 0])
  lasting.stop()
})
