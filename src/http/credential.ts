import type { IncomingHttpHeaders } from 'node:http'

/** RFC 6750, 2.1. The name of the scheme is case-insensitive. */
const BEARER = /^Bearer +(?<credential>[^\s,]+)$/i

/** The credential of `Authorization: Bearer CREDENTIAL` or `x-api-key: KEY`. Null if the request has neither. */
export function credentialOf({ authorization, 'x-api-key': apiKey }: IncomingHttpHeaders): string | null {
  return parseBearer(authorization) ?? (typeof apiKey === 'string' && apiKey !== '' ? apiKey : null)
}

/** `connection_init` of a WebSocket has the member `authorization`, because browsers send no headers with a WebSocket. */
export function credentialOfInit(payload: Readonly<Record<string, unknown>> | undefined): string | null {
  const authorization = payload?.authorization
  return typeof authorization === 'string' ? parseBearer(authorization) : null
}

function parseBearer(text: string | undefined): string | null {
  return BEARER.exec(text ?? '')?.groups?.credential ?? null
}
