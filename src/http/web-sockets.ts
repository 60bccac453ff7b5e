import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { handleProtocols } from 'graphql-ws'
import { GatewayError } from '../domain/errors.js'
import { dismissSocket } from './dismiss-socket.js'
import { GRAPHQL_PATH } from './graphql-path.js'

const MAX_CONNECTIONS = 1000
/** Bytes of one message: an operation of as many tokens as are read, with a clip's id. */
export const MAX_MESSAGE_BYTES = 65_536
const RETRY_AFTER_MS = 5000
/** RFC 6455, 7.4.1. */
const GOING_AWAY = 1001

/** WebSockets for the routes that are added after this, so many and so large; elsewhere than on /graphql an upgrade is refused. */
export async function addWebSockets(app: FastifyInstance): Promise<void> {
  await app.register(websocket, {
    options: { maxPayload: MAX_MESSAGE_BYTES, handleProtocols },
    // The library has closed the socket already, with the code that says what was wrong with a frame.
    errorHandler: (error, _socket, request) => request.log.debug({ err: error }, 'a WebSocket broke'),
    async preClose() {
      sayGoodbye(app)
    },
  })
  app.addHook('onRequest', async (request) => {
    if (!request.ws) return
    if (request.routeOptions.url !== GRAPHQL_PATH) throw new GatewayError('BAD_USER_INPUT', `WebSockets are at ${GRAPHQL_PATH} alone.`)
    if (app.websocketServer.clients.size < MAX_CONNECTIONS) return
    const message = `The gateway has ${MAX_CONNECTIONS} WebSockets open, and may have no more; try again in a moment.`
    throw new GatewayError('RATE_LIMITED', message, { retryAfterMs: RETRY_AFTER_MS })
  })
}

/** The HTTP server does not count upgraded connections among its own, and would wait for them. */
function sayGoodbye({ websocketServer }: FastifyInstance): void {
  for (const client of websocketServer.clients) dismissSocket(client, GOING_AWAY, 'The gateway stops.')
  websocketServer.close()
}
