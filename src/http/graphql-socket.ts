// GraphQL over WebSocket (graphql-transport-ws). The Fastify handler of graphql-ws is not used: it writes to the console, and limits neither
// messages nor the data that waits to be sent.

import type { WebSocket, WebsocketHandler } from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import { type ExecutionResult, type FormattedExecutionResult, GraphQLError } from 'graphql'
import { CloseCode, makeServer, type Server } from 'graphql-ws'
import type { Authenticator } from '../auth/authenticator.js'
import type { CallerOptions } from '../auth/caller.js'
import { onCredentialEnd } from '../auth/credential-end.js'
import type { Principal } from '../auth/principal.js'
import { GatewayError } from '../domain/errors.js'
import type { Subscriptions } from '../graphql/subscriptions.js'
import type { Clock } from '../lib/clock.js'
import { runRequest } from '../lib/running-request.js'
import { TokenBucket } from '../lib/token-bucket.js'
import { credentialOfInit } from './credential.js'
import type { SendBuffers } from './send-buffers.js'
import { closeSocket } from './web-sockets.js'

const INIT_TIMEOUT_MS = 3000
const MAX_SUBSCRIPTIONS = 50
const HEARTBEAT_MS = 12_000
/** A page that opens fifty subscriptions and closes them again sends a hundred messages. */
const MESSAGE_RATE = { perSecond: 20, capacity: 200, clock: { now: () => performance.now() } }
/** RFC 6455, 7.4.1. */
const POLICY_VIOLATION = 1008

export interface GraphqlSocketOptions {
  readonly subscriptions: Subscriptions
  readonly buffers: SendBuffers
  readonly authenticator: Authenticator
  readonly clock: Clock
}

export function createGraphqlSocket(options: GraphqlSocketOptions): WebsocketHandler {
  return (socket, request) => serveSocket(socket, options, request)
}

/** The protocol of one connection. `onPrincipal` receives the principal of its `connection_init`. */
function createProtocol(
  { subscriptions, authenticator }: GraphqlSocketOptions,
  requestId: string,
  onPrincipal: (principal: Principal) => void,
): Server {
  let requester: Omit<CallerOptions, 'signal'> | null = null
  return makeServer({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    // False closes the connection with 4403. Clients connect again, with a fresh credential.
    async onConnect({ connectionParams }) {
      const principal = await authenticator.authenticate(credentialOfInit(connectionParams)).catch(nullIfRefused)
      if (principal === null) return false
      requester = { principal, requestId }
      onPrincipal(principal)
      return true
    },
    onSubscribe({ subscriptions: open }, _id, request) {
      return Object.keys(open).length > MAX_SUBSCRIPTIONS ? [TOO_MANY] : subscriptions.parse(request)
    },
    subscribe: (args) => {
      if (requester === null) throw new Error('a subscription was not authenticated')
      return subscriptions.run(args, requester)
    },
    onNext: (_ctx, _id, _request, args, result) => new SingleUseResult(subscriptions.formatResult(result, args), result),
    onError: (_ctx, _id, _request, errors) => subscriptions.formatErrors(errors),
  })
}

function nullIfRefused(error: unknown): null {
  if (error instanceof GatewayError && error.code === 'UNAUTHENTICATED') return null
  throw error
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

function serveSocket(socket: WebSocket, options: GraphqlSocketOptions, { id, ip, log }: Pick<FastifyRequest, 'id' | 'ip' | 'log'>): void {
  const { buffers, clock } = options
  const rate = new TokenBucket(MESSAGE_RATE)
  const stopHeartbeat = startHeartbeat(socket)
  let stopWaiting = () => {}
  const protocol = createProtocol(options, id, (principal) => {
    if (socket.readyState !== socket.OPEN) return
    stopWaiting = onCredentialEnd(principal, clock, () => closeSocket(socket, CloseCode.Forbidden, 'The credential has ended.'))
  })
  const fail = (error: unknown) => {
    log.error({ err: error }, 'a subscription failed')
    closeSocket(socket, CloseCode.InternalServerError, 'Internal server error')
  }
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) => buffers.send(socket, text),
      close: (code = CloseCode.InternalServerError, reason = '') => closeSocket(socket, code, reason),
      onMessage: (handle) => {
        socket.on('message', (data) => {
          if (rate.waitMs(1) > 0) return closeSocket(socket, POLICY_VIOLATION, 'Too many messages')
          rate.take(1)
          runRequest({ id, address: ip }, () => handle(String(data))).catch(fail)
        })
      },
    },
    undefined,
  )
  socket.once('close', (code, reason) => {
    stopHeartbeat()
    stopWaiting()
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
