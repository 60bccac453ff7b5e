import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { toExpiry, toIssueTime } from '../../../src/delivery/url/signed-url.js'

const lifetimes = fc.integer({ min: 1, max: 31_536_000 })
const instants = fc.integer({ min: 0, max: 253_402_300_799_999 })

describe('the time window of a URL', () => {
  test('is at least the requested lifetime, and at most a quarter longer', () => {
    fc.assert(
      fc.property(instants, lifetimes, (nowMs, lifetimeSeconds) => {
        const openMs = toExpiry(toIssueTime(nowMs, lifetimeSeconds), lifetimeSeconds) - nowMs
        expect(openMs).toBeGreaterThan(1000 * lifetimeSeconds)
        expect(openMs).toBeLessThanOrEqual(1250 * lifetimeSeconds)
      }),
    )
  })

  test('is the same for all reads within one quarter of the lifetime, and changes in the next', () => {
    fc.assert(
      fc.property(instants, lifetimes, fc.double({ min: 0, max: 1, noNaN: true }), (nowMs, lifetimeSeconds, part) => {
        const quarterMs = 250 * lifetimeSeconds
        const issuedAtMs = toIssueTime(nowMs, lifetimeSeconds)
        expect(toIssueTime(issuedAtMs + Math.floor(part * (quarterMs - 1)), lifetimeSeconds)).toBe(issuedAtMs)
        expect(toIssueTime(issuedAtMs + quarterMs, lifetimeSeconds)).toBe(issuedAtMs + quarterMs)
      }),
    )
  })

  test.each([
    ['the first millisecond of a quarter', 1_800_000_000_000, 1_800_000_000_000],
    ['the last one', 1_800_000_224_999, 1_800_000_000_000],
    ['the first one of the next', 1_800_000_225_000, 1_800_000_225_000],
  ])('begins with its quarter, for 15 minutes requested at %s', (_, nowMs, issuedAtMs) => {
    expect(toIssueTime(nowMs, 900)).toBe(issuedAtMs)
    expect(toExpiry(issuedAtMs, 900)).toBe(issuedAtMs + 1_125_000)
  })
})
