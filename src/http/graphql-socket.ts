// GraphQL over WebSocket (graphql-transport-ws). The Fastify handler of graphql-ws is not used: it writes to the console, and limits neither
// messages nor the data that waits to be sent.

import type { WebSocket, WebsocketHandler } from '@fastify/websocket'
import type { FastifyBaseLogger } from 'fastify'
import { type ExecutionResult, type FormattedExecutionResult, GraphQLError } from 'graphql'
import { CloseCode, makeServer, type Server } from 'graphql-ws'
import type { Subscriptions } from '../graphql/subscriptions.js'
import { runWithRequestId } from '../lib/request-id.js'
import { TokenBucket } from '../lib/token-bucket.js'
import type { SendBuffers } from './send-buffers.js'
import { closeSocket } from './web-sockets.js'

const INIT_TIMEOUT_MS = 3000
const MAX_SUBSCRIPTIONS = 50
const HEARTBEAT_MS = 12_000
/** A page that opens fifty subscriptions and closes them again sends a hundred messages. */
const MESSAGE_RATE = { perSecond: 20, capacity: 200, clock: { now: () => performance.now() } }
/** RFC 6455, 7.4.1. */
const POLICY_VIOLATION = 1008

export function createGraphqlSocket(subscriptions: Subscriptions, buffers: SendBuffers): WebsocketHandler {
  const server = makeServer({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    onSubscribe({ subscriptions: open }, _id, request) {
      return Object.keys(open).length > MAX_SUBSCRIPTIONS ? [TOO_MANY] : subscriptions.parse(request)
    },
    subscribe: (args) => subscriptions.run(args),
    onNext: (_ctx, _id, _request, args, result) => new SingleUseResult(subscriptions.formatResult(result, args), result),
    onError: (_ctx, _id, _request, errors) => subscriptions.formatErrors(errors),
  })
  return (socket, request) => serveSocket(socket, { server, buffers, log: request.log, requestId: request.id })
}

const TOO_MANY = new GraphQLError(`A connection may have ${MAX_SUBSCRIPTIONS} subscriptions at a time.`, {
  extensions: { code: 'RATE_LIMITED' },
})

/**
 * A result that releases its data when it is serialized. graphql-ws holds each result until its text is sent, and a result takes several times
 * the memory of its text.
 */
class SingleUseResult implements FormattedExecutionResult {
  readonly data?: undefined
  #formatted: FormattedExecutionResult | null

  /** @param source shares its data with `formatted` */
  constructor(
    formatted: FormattedExecutionResult,
    private readonly source: ExecutionResult,
  ) {
    this.#formatted = formatted
  }

  toJSON(): FormattedExecutionResult | null {
    const formatted = this.#formatted
    this.#formatted = null
    this.source.data = null
    return formatted
  }
}

interface SocketService {
  readonly server: Server
  readonly buffers: SendBuffers
  readonly log: FastifyBaseLogger
  /** Of the handshake. */
  readonly requestId: string
}

function serveSocket(socket: WebSocket, { server, buffers, log, requestId }: SocketService): void {
  const rate = new TokenBucket(MESSAGE_RATE)
  const stopHeartbeat = startHeartbeat(socket)
  const fail = (error: unknown) => {
    log.error({ err: error }, 'a subscription failed')
    closeSocket(socket, CloseCode.InternalServerError, 'Internal server error')
  }
  const closed = server.opened(
    {
      protocol: socket.protocol,
      send: (text) => buffers.send(socket, text),
      close: (code = CloseCode.InternalServerError, reason = '') => closeSocket(socket, code, reason),
      onMessage: (handle) => {
        socket.on('message', (data) => {
          if (rate.waitMs(1) > 0) return closeSocket(socket, POLICY_VIOLATION, 'Too many messages')
          rate.take(1)
          runWithRequestId(requestId, () => handle(String(data))).catch(fail)
        })
      },
    },
    undefined,
  )
  socket.once('close', (code, reason) => {
    stopHeartbeat()
    closed(code, String(reason)).catch(fail)
  })
}

/** Detects clients that disappear without closing their connection. */
function startHeartbeat(socket: WebSocket): () => void {
  let isAlive = true
  socket.on('pong', () => {
    isAlive = true
  })
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, HEARTBEAT_MS)
  return () => clearInterval(timer)
}
