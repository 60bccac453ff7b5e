import type { Env } from './env.js'
import { parseWholeNumber } from './setting-parsers.js'

/** Each limit is for one client: a principal, or an address if no one has to sign in. */
export interface RateLimitConfig {
  /** Query-cost points. Null without a limit. */
  readonly costPerMinute: number | null
  /** Downloads at the same time. Null without a limit. */
  readonly downloads: number | null
}

/** Without authentication, only the limits that are set apply. */
export function parseRateLimits(env: Env, isAuthenticated: boolean): RateLimitConfig {
  const isOn = (name: 'RATE_LIMIT_COST' | 'RATE_LIMIT_DOWNLOADS') => isAuthenticated || env[name] !== undefined
  return {
    costPerMinute: isOn('RATE_LIMIT_COST')
      ? parseWholeNumber(env, 'RATE_LIMIT_COST', { default: 60_000, min: 1, max: 1_000_000_000 })
      : null,
    downloads: isOn('RATE_LIMIT_DOWNLOADS') ? parseWholeNumber(env, 'RATE_LIMIT_DOWNLOADS', { default: 32, min: 1, max: 100_000 }) : null,
  }
}
