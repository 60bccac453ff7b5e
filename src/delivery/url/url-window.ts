import type { EpochMs } from '../../lib/clock.js'

const MS_PER_SECOND = 1000
/** A URL is issued at the start of a quarter of its lifetime, and expires five quarters later. */
const QUARTERS_OPEN = 5

/**
 * The issue time of a URL: now, rounded down to a quarter of the lifetime. Reads within one quarter therefore give an equal URL, and a
 * page that polls does not restart its player. The next quarter gives another URL; the one before stays open for its whole lifetime.
 */
export function toIssueTime(nowMs: EpochMs, lifetimeSeconds: number): EpochMs {
  const quarterMs = toQuarterMs(lifetimeSeconds)
  return Math.floor(nowMs / quarterMs) * quarterMs
}

/** Always between 1 and 1.25 lifetimes after the read that gave out the URL. */
export function toExpiry(issuedAtMs: EpochMs, lifetimeSeconds: number): EpochMs {
  return issuedAtMs + QUARTERS_OPEN * toQuarterMs(lifetimeSeconds)
}

/** Whole, because lifetimes are whole seconds. */
function toQuarterMs(lifetimeSeconds: number): number {
  return (lifetimeSeconds * MS_PER_SECOND) / 4
}
