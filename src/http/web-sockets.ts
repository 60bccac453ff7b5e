import type { IncomingMessage } from 'node:http'
import websocket, { type WebSocket } from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { handleProtocols } from 'graphql-ws'
import { GatewayError } from '../domain/errors.js'

export const GRAPHQL_PATH = '/graphql'
/** Maximum size of one message: an operation with the maximum number of tokens, and the ID of a clip. */
export const MAX_MESSAGE_BYTES = 65_536
const MAX_CONNECTIONS = 1000
const RETRY_AFTER_MS = 5000
/** RFC 6455, 7.4.1. */
const GOING_AWAY = 1001
const CLOSE_TIMEOUT_MS = 1000

/** Adds WebSockets to the routes that are registered later. Limits their number and the size of messages. */
export async function addWebSockets(app: FastifyInstance): Promise<void> {
  await app.register(websocket, {
    options: { maxPayload: MAX_MESSAGE_BYTES, handleProtocols },
    // The library has already closed the socket with a status code for the invalid frame.
    errorHandler: (error, _socket, request) => request.log.debug({ err: error }, 'a WebSocket failed'),
    async preClose() {
      closeAll(app)
    },
  })
  app.addHook('onRequest', async (request) => {
    if (!request.ws) return
    if (request.routeOptions.url !== GRAPHQL_PATH) {
      throw new GatewayError('BAD_USER_INPUT', `Only ${GRAPHQL_PATH} accepts WebSockets.`)
    }
    if (app.websocketServer.clients.size < MAX_CONNECTIONS) return
    const message = `The gateway has reached its limit of ${MAX_CONNECTIONS} open WebSockets. Try again later.`
    throw new GatewayError('RATE_LIMITED', message, { retryAfterMs: RETRY_AFTER_MS })
  })
}

/** The HTTP server does not count upgraded connections, so it does not close them. */
function closeAll({ websocketServer }: FastifyInstance): void {
  for (const client of websocketServer.clients) closeSocket(client, GOING_AWAY, 'The gateway is shutting down.')
  websocketServer.close()
}

/** Sends a close frame. Ends the connection if the client does not answer the frame in time. */
export function closeSocket(socket: WebSocket, code: number, reason: string, timeoutMs: number = CLOSE_TIMEOUT_MS): void {
  if (socket.readyState !== socket.OPEN) return
  socket.close(code, reason)
  const timer = setTimeout(() => socket.terminate(), timeoutMs)
  socket.once('close', () => clearTimeout(timer))
}

/**
 * Whether a request is the opening handshake of a WebSocket (RFC 6455, 4.2.1). An upgrade to another protocol (h2c, TLS) is ignored, as
 * RFC 9110, 7.8 allows: the response is HTTP/1.1.
 */
export function isWebSocketHandshake(request: IncomingMessage): boolean {
  const { method, httpVersion, headers } = request
  if (method !== 'GET' || httpVersion === '1.0' || headers.upgrade === undefined) return false
  const protocols = headers.upgrade.split(',').map((protocol) => protocol.trim().toLowerCase())
  if (!protocols.includes('websocket')) return false
  // A client may offer several protocols. The library accepts a handshake only when it offers this one alone.
  headers.upgrade = 'websocket'
  return true
}
