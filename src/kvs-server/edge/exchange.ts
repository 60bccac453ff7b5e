import type { IncomingMessage, ServerResponse } from 'node:http'
import { isLoopbackHost } from '../../lib/http-server.js'
import type { Call } from '../wire/operation.js'

export interface EdgeLog {
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export interface EdgeRequest {
  readonly raw: IncomingMessage
  readonly id: string
  readonly log: EdgeLog
}

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly call: Call
  readonly log: EdgeLog
}

const HOST = /^[a-zA-Z0-9.-]+(:\d+)?$|^\[[0-9a-fA-F:.]+\](:\d+)?$/

/** `ownUrl`: the address of the server if the client sends none. */
export function openExchange({ raw: request, id, log }: EdgeRequest, response: ServerResponse, ownUrl: string): Exchange {
  const left = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) left.abort()
  })
  return { request, response, call: { requestId: id, signal: left.signal, baseUrl: toBaseUrl(request) ?? ownUrl }, log }
}

// AWS's C producer omits the port from the Host header. A name of this machine without a port therefore means the port of the connection.
// Any other name is that of a proxy: on port 443 if the proxy runs on this machine and reports TLS, else on port 80. Trusting the header is
// safe, because only the client that sent it gets the answer.
function toBaseUrl({ headers: { host = '', 'x-forwarded-proto': protocol }, socket }: IncomingMessage): string | null {
  if (!HOST.test(host)) return null
  // A server that listens on both families sees IPv4 addresses in their IPv6 form.
  const client = socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
  if (protocol === 'https' && isLoopbackHost(client)) return `https://${host}`
  const isOwnName = isLoopbackHost(host) || host === socket.localAddress
  return isOwnName && socket.localPort !== 80 ? `http://${host}:${socket.localPort}` : `http://${host}`
}
