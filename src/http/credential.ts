import type { IncomingHttpHeaders } from 'node:http'

/** RFC 6750, 2.1. The name of the scheme is case-insensitive. */
const BEARER = /^Bearer +(?<credential>[^\s,]+)$/i

/** The credential of `Authorization: Bearer CREDENTIAL` or `x-api-key: KEY`. Null if the request has neither. */
export function credentialOf({ authorization, 'x-api-key': apiKey }: IncomingHttpHeaders): string | null {
  return parseBearer(authorization) ?? (typeof apiKey === 'string' && apiKey !== '' ? apiKey : null)
}

/**
 * Browsers send no headers with a WebSocket, so `connection_init` has them as members. Clients write the names as they like, and some put them into
 * a member `headers`.
 */
export function credentialOfInit(payload: Readonly<Record<string, unknown>> | undefined): string | null {
  const members = new Map([...entriesOf(payload?.headers), ...entriesOf(payload)].map(([name, value]) => [name.toLowerCase(), value]))
  const [authorization, apiKey] = [members.get('authorization'), members.get('x-api-key')]
  return credentialOf({
    ...(typeof authorization === 'string' ? { authorization } : {}),
    ...(typeof apiKey === 'string' ? { 'x-api-key': apiKey } : {}),
  })
}

function entriesOf(value: unknown): [name: string, value: unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

function parseBearer(text: string | undefined): string | null {
  return BEARER.exec(text ?? '')?.groups?.credential ?? null
}
