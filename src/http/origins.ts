import { isLoopbackHost } from '../lib/http-server.js'

/** Who may be spoken to by browsers. */
export interface OriginRules {
  /** Where the gateway is reached. */
  readonly publicUrl: string
  /** Other origins whose pages may call. */
  readonly corsOrigins: readonly string[]
  /** Whether it listens on loopback alone, where no credentials are asked for. */
  readonly isLoopbackOnly: boolean
}

/**
 * Whether a page of this origin may call. On loopback a page that the gateway itself served under another of the machine's names
 * (localhost for 127.0.0.1) may too: its origin is then the host that the request names.
 */
export function isOriginAllowed(origin: string, host: string, { publicUrl, corsOrigins, isLoopbackOnly }: OriginRules): boolean {
  if (origin === URL.parse(publicUrl)?.origin || corsOrigins.includes(origin)) return true
  const page = URL.parse(origin)
  return isLoopbackOnly && page !== null && isLoopbackHost(page.hostname) && page.host === hostOf(host)?.host
}

/**
 * Whether a request may name this host. Without credentials the address is all that guards a loopback gateway, and a page can make
 * its own name point at 127.0.0.1 (DNS rebinding); but then the request names the page's host.
 */
export function isHostAllowed(host: string, { publicUrl, isLoopbackOnly }: OriginRules): boolean {
  const named = hostOf(host)
  if (!named) return false
  return !isLoopbackOnly || isLoopbackHost(named.hostname) || named.hostname === URL.parse(publicUrl)?.hostname
}

function hostOf(host: string): URL | null {
  return host === '' || /[/?#@\\]/.test(host) ? null : URL.parse(`http://${host}`)
}
