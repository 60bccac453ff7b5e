/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number

/** Time as a parameter: tests choose it, the programs pass `systemClock`. */
export interface Clock {
  now(): EpochMs
}

export const systemClock: Clock = { now: () => Date.now() }
