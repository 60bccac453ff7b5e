// GraphQL over WebSocket (graphql-transport-ws). The library's own Fastify handler is not used: it writes to the console, bounds
// neither messages nor what waits to be sent, and asks to be copied.

import type { WebSocket, WebsocketHandler } from '@fastify/websocket'
import type { FastifyBaseLogger } from 'fastify'
import { GraphQLError } from 'graphql'
import { CloseCode, makeServer, type Server } from 'graphql-ws'
import type { Subscriptions } from '../graphql/subscriptions.js'
import { dismissSocket } from './dismiss-socket.js'
import { MessageRate } from './message-rate.js'
import { OneTimeResult } from './one-time-result.js'
import type { SendBuffers } from './send-buffers.js'

const INIT_WAIT_MS = 3000
const MAX_SUBSCRIPTIONS = 50
const HEARTBEAT_MS = 12_000
/** A page that opens fifty subscriptions and closes them again sends a hundred messages. */
const RATE = { perSecond: 20, burst: 200 }
/** RFC 6455, 7.4.1. */
const POLICY_VIOLATION = 1008

export function createGraphqlSocket(subscriptions: Subscriptions, buffers: SendBuffers): WebsocketHandler {
  const server = makeServer({
    connectionInitWaitTimeout: INIT_WAIT_MS,
    onSubscribe({ subscriptions: open }, _id, request) {
      return Object.keys(open).length > MAX_SUBSCRIPTIONS ? [TOO_MANY] : subscriptions.parse(request)
    },
    subscribe: (args) => subscriptions.run(args),
    onNext: (_ctx, _id, _request, args, result) => new OneTimeResult(subscriptions.formatResult(result, args), result),
    onError: (_ctx, _id, _request, errors) => subscriptions.formatErrors(errors),
  })
  return (socket, request) => serveSocket(socket, { server, buffers, log: request.log })
}

const TOO_MANY = new GraphQLError(`A connection may have ${MAX_SUBSCRIPTIONS} subscriptions at a time.`, {
  extensions: { code: 'RATE_LIMITED' },
})

interface SocketService {
  readonly server: Server
  readonly buffers: SendBuffers
  readonly log: FastifyBaseLogger
}

function serveSocket(socket: WebSocket, { server, buffers, log }: SocketService): void {
  const rate = new MessageRate(RATE)
  const endHeartbeat = startHeartbeat(socket)
  const fail = (error: unknown) => {
    log.error({ err: error }, 'a subscription failed')
    dismissSocket(socket, CloseCode.InternalServerError, 'Internal server error')
  }
  const closed = server.opened(
    {
      protocol: socket.protocol,
      send: (text) => buffers.send(socket, text),
      close: (code = CloseCode.InternalServerError, reason = '') => dismissSocket(socket, code, reason),
      onMessage: (take) => {
        socket.on('message', (data) => {
          if (rate.take()) take(String(data)).catch(fail)
          else dismissSocket(socket, POLICY_VIOLATION, 'Too many messages')
        })
      },
    },
    undefined,
  )
  socket.once('close', (code, reason) => {
    endHeartbeat()
    closed(code, String(reason)).catch(fail)
  })
}

/** Finds clients that went without a word. */
function startHeartbeat(socket: WebSocket): () => void {
  let isHeard = true
  socket.on('pong', () => {
    isHeard = true
  })
  const beat = setInterval(() => {
    if (!isHeard) return socket.terminate()
    isHeard = false
    socket.ping()
  }, HEARTBEAT_MS)
  return () => clearInterval(beat)
}
