import { isIP } from 'node:net'
import type { Env } from './env.js'
import { parseSetting } from './setting-parsers.js'

/** Fastify's `trustProxy`: no proxy, a number of proxies in a row, or a comma-separated list of addresses. */
export type TrustProxy = false | number | string

const NAMED_RANGES: readonly string[] = ['loopback', 'linklocal', 'uniquelocal']
const MAX_HOPS = 16

/** "true" is not allowed, because clients could then forge their address. */
export function parseTrustProxy(env: Env): TrustProxy {
  return parseSetting(env, 'TRUST_PROXY', {
    default: false,
    allowed: `false, a number of proxies from 1 to ${MAX_HOPS}, or comma-separated addresses and ranges, such as loopback,10.0.0.0/8`,
    parse: toTrustProxy,
  })
}

function toTrustProxy(text: string): TrustProxy | undefined {
  if (text === 'false') return false
  if (/^\d{1,2}$/.test(text)) {
    const hops = Number(text)
    return hops >= 1 && hops <= MAX_HOPS ? hops : undefined
  }
  const ranges = text.split(',').map((range) => range.trim())
  return ranges.every((range) => NAMED_RANGES.includes(range) || isIP(range) !== 0 || isCidr(range)) ? ranges.join(',') : undefined
}

function isCidr(text: string): boolean {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text)
  const family = match?.[1] === undefined ? 0 : isIP(match[1])
  return family !== 0 && Number(match?.[2]) <= (family === 4 ? 32 : 128)
}
