import type { FastifyRequest } from 'fastify'
import { isLoopbackHost } from '../lib/http-server.js'

export interface OriginRules {
  readonly publicUrl: string
  /** Other origins whose pages may call the gateway. */
  readonly corsOrigins: readonly string[]
  /** Whether the gateway listens only on loopback, where it requires no credentials. */
  readonly isLoopbackOnly: boolean
}

type Headers = Readonly<Record<string, string>>

/** For responses that contain only an error about the request. */
export const READABLE_EVERYWHERE = { 'access-control-allow-origin': '*' } as const

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** The headers that let a page of an allowed origin read a response to a request with credentials. Null for other origins. */
export function toAllowedOrigin({ headers }: Pick<FastifyRequest, 'headers'>, rules: OriginRules): Headers | null {
  const { origin, host } = headers
  if (origin === undefined || !isOriginAllowed(origin, host, rules)) return null
  return { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' }
}

/**
 * The headers of a preflight response, without the origin (Fetch, 3.3.3). All requested headers are allowed: none has a meaning here that
 * needs protection, and clients and tracing libraries add their own. With credentials, `*` would not be a wildcard.
 */
export function toPreflightHeaders({ headers }: Pick<FastifyRequest, 'headers'>, methods: string): Headers {
  const requested = headers['access-control-request-headers']?.split(',') ?? []
  const names = requested.map((name) => name.trim()).filter((name) => TOKEN.test(name))
  return {
    'access-control-allow-methods': methods,
    'access-control-allow-headers': names.join(', '),
    'access-control-max-age': '600',
    // Chromium requires this before a page of a public address may call a private one (Private Network Access).
    ...(headers['access-control-request-private-network'] === 'true' ? { 'access-control-allow-private-network': 'true' } : {}),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Private-Network',
  }
}

/**
 * Whether pages of this origin may call the gateway. A gateway on loopback also allows the pages that it served itself under another name
 * of the machine (localhost for 127.0.0.1): the origin then equals the Host header.
 */
function isOriginAllowed(origin: string, host: string | undefined, { publicUrl, corsOrigins, isLoopbackOnly }: OriginRules): boolean {
  if (origin === new URL(publicUrl).origin || corsOrigins.includes(origin)) return true
  const page = URL.parse(origin)
  return isLoopbackOnly && page !== null && isLoopbackHost(page.hostname) && page.host === parseHost(host)?.host
}

/**
 * Whether a request may have this Host header. A loopback gateway requires no credentials, and a page can point its own host name at 127.0.0.1
 * (DNS rebinding). The Host header then names the host of that page.
 */
export function isHostAllowed(host: string | undefined, { publicUrl, isLoopbackOnly }: OriginRules): boolean {
  const requested = parseHost(host)
  if (!requested) return false
  return !isLoopbackOnly || isLoopbackHost(requested.hostname) || requested.hostname === new URL(publicUrl).hostname
}

function parseHost(host: string | undefined): URL | null {
  return host === undefined || host === '' || /[/?#@\\]/.test(host) ? null : URL.parse(`http://${host}`)
}
