import type { FastifyRequest } from 'fastify'
import { isOriginAllowed, type OriginRules } from './origins.js'

type Headers = Readonly<Record<string, string>>

/** For answers that hold nothing but what was wrong with the request. */
export const READABLE_EVERYWHERE = { 'access-control-allow-origin': '*' } as const

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const SECONDS_REMEMBERED = '600'

/** What lets pages of an allowed origin read an answer, also where they send credentials; null for requests of any others. */
export function toAllowedOrigin({ headers }: Pick<FastifyRequest, 'headers'>, rules: OriginRules): Headers | null {
  const { origin, host = '' } = headers
  if (origin === undefined || !isOriginAllowed(origin, host, rules)) return null
  return { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' }
}

/**
 * What a preflight is answered beside the origin (Fetch, 3.3.3). Every header that is asked for is allowed: none has a meaning here that
 * would need guarding, and what clients and their tracing add is not known beforehand. With credentials `*` would be no wildcard.
 */
export function toPreflightHeaders({ headers }: Pick<FastifyRequest, 'headers'>, methods: string): Headers {
  const asked = headers['access-control-request-headers'] ?? ''
  const names = asked.split(',').map((name) => name.trim())
  return {
    'access-control-allow-methods': methods,
    'access-control-allow-headers': names.filter((name) => TOKEN.test(name)).join(', '),
    'access-control-max-age': SECONDS_REMEMBERED,
    // Chromium asks before a page of a public address calls a private one (Private Network Access).
    ...(headers['access-control-request-private-network'] === 'true' ? { 'access-control-allow-private-network': 'true' } : {}),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Private-Network',
  }
}
