import type { IncomingMessage } from 'node:http'

/**
 * Whether a request is the opening handshake of a WebSocket (RFC 6455, 4.2.1). An `Upgrade` to anything else (h2c, TLS) is ignored, as
 * RFC 9110, 7.8 lets a server: the request is answered in HTTP/1.1.
 */
export function isWebSocketHandshake(request: IncomingMessage): boolean {
  const { method, httpVersion, headers } = request
  if (method !== 'GET' || httpVersion === '1.0') return false
  const tokens = (headers.upgrade ?? '').split(',').map((token) => token.trim().toLowerCase())
  if (!tokens.includes('websocket')) return false
  // The library takes a handshake that names nothing else; a client may offer more, and leave the choice to the server.
  headers.upgrade = 'websocket'
  return true
}
