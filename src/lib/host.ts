import { isIP } from 'node:net'

/** Whether only this machine can be reached by the name or address: localhost, 127.0.0.0/8 or ::1 (with or without its brackets). */
export function isLoopbackHost(host: string): boolean {
  const bare = withoutBrackets(host).toLowerCase()
  if (bare === 'localhost' || bare === '::1') return true
  return isIP(bare) === 4 && bare.startsWith('127.')
}

/** Whether listening on the address means listening on every address of the machine. */
export function isWildcardHost(host: string): boolean {
  const bare = withoutBrackets(host)
  return bare === '0.0.0.0' || bare === '::'
}

/** The host as it stands in a URL: an IPv6 address in brackets. */
export function toUrlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}
