import { Socket } from 'node:net'
import type { ApolloServer } from '@apollo/server'
import { fastifyApolloHandler } from '@as-integrations/fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticator } from '../auth/authenticator.js'
import type { CallerOptions } from '../auth/caller.js'
import type { Principal } from '../auth/principal.js'
import { GatewayError } from '../domain/errors.js'
import { ClientLeft, type RequestContext } from '../graphql/context.js'
import { quoteInput } from '../graphql/scalars/quote-input.js'
import type { Subscriptions } from '../graphql/subscriptions.js'
import type { Clock } from '../lib/clock.js'
import { isHostAllowed, type OriginRules, toAllowedOrigin, toPreflightHeaders } from './cors.js'
import { credentialOf } from './credential.js'
import { answerGraphqlError } from './error-handler.js'
import { createGraphqlSocket } from './graphql-socket.js'
import { sendPage, toGraphqlPage } from './html-page.js'
import { refuseOtherMethods } from './refuse-other-methods.js'
import type { SendBuffers } from './send-buffers.js'
import { GRAPHQL_PATH } from './web-sockets.js'

/** Maximum size of a request body: ten times the largest valid requestClips. */
const BODY_LIMIT = 1_048_576
/** The connection closes when the client reads none of its response for this time, because an unread response holds memory. */
const UNREAD_TIMEOUT_MS = 60_000

export interface GraphqlRouteOptions {
  readonly apollo: ApolloServer<RequestContext>
  readonly createContext: (caller: CallerOptions) => RequestContext
  readonly authenticator: Authenticator
  readonly clock: Clock
  readonly subscriptions: Subscriptions
  readonly sendBuffers: SendBuffers
  readonly origins: () => OriginRules
  readonly requestTimeoutMs: number
}

/** GraphQL over GET (queries), POST (queries and mutations) and WebSockets (subscriptions). */
export async function graphqlRoute(app: FastifyInstance, options: GraphqlRouteOptions): Promise<void> {
  const { apollo, createContext, authenticator, clock, subscriptions, sendBuffers, origins, requestTimeoutMs } = options
  const principals = new WeakMap<FastifyRequest, Principal>()
  app.setErrorHandler(answerGraphqlError)
  app.addHook('onRequest', async (request, reply) => {
    checkCaller(request, reply, origins())
    checkMediaType(request)
    // Before the body is read. A WebSocket sends its credential after the handshake.
    if (!request.ws && request.method !== 'OPTIONS' && !isBrowserVisit(request))
      principals.set(request, await authenticator.authenticate(credentialOf(request.headers)))
  })
  const handler = fastifyApolloHandler(apollo, {
    context: async (request, reply) => {
      const principal = principals.get(request)
      if (principal === undefined) throw new Error('an operation was not authenticated')
      const context = createContext({ principal, requestId: request.id, signal: createRequestSignal(reply, requestTimeoutMs) })
      reply.raw.once('close', () => context.answer.release())
      return context
    },
  })
  app.addHook('preHandler', async ({ body }) => acceptDocumentId(body))
  app.addHook('onSend', async (_request, { raw }) => {
    // Not earlier: resolvers may take longer without a byte on the wire.
    if (raw.socket instanceof Socket) raw.socket.setTimeout(UNREAD_TIMEOUT_MS)
  })
  app.route({
    method: 'GET',
    url: GRAPHQL_PATH,
    // HEAD would run the query and discard the result.
    exposeHeadRoute: false,
    async handler(request, reply) {
      return isBrowserVisit(request) ? sendPage(reply, toGraphqlPage(origins().publicUrl)) : handler.call(app, request, reply)
    },
    wsHandler: createGraphqlSocket({ subscriptions, buffers: sendBuffers, authenticator, clock }),
  })
  app.route({ method: 'POST', url: GRAPHQL_PATH, bodyLimit: BODY_LIMIT, handler })
  app.options(GRAPHQL_PATH, answerPreflight)
  refuseOtherMethods(app, GRAPHQL_PATH)
}

/** A request may name a persisted document by `documentId`, as the GraphQL over HTTP proposal does, instead of Apollo's extension. */
function acceptDocumentId(body: unknown): void {
  if (typeof body !== 'object' || body === null || 'query' in body || !('documentId' in body)) return
  const { documentId } = body
  if (typeof documentId !== 'string') return
  Object.assign(body, { extensions: { persistedQuery: { version: 1, sha256Hash: documentId.replace(/^sha256:/, '') } } })
}

/**
 * Refuses requests of foreign pages before an operation runs, and lets allowed pages read the response, also of refusals. A page on another
 * origin sends Origin. For images, scripts and links, browsers omit Origin but send Sec-Fetch-Site. A request with neither comes from a program,
 * or from a page that cannot read the response.
 */
function checkCaller(request: FastifyRequest, reply: FastifyReply, rules: OriginRules): void {
  const { origin, host } = request.headers
  // Responses contain URLs that open without credentials.
  reply.headers({ vary: 'Origin', 'cache-control': 'no-store' })
  const allowed = toAllowedOrigin(request, rules)
  if (allowed !== null) reply.headers({ ...allowed, 'access-control-expose-headers': 'Retry-After, X-Request-Id' })
  if (!isHostAllowed(host, rules)) {
    throw new GatewayError('FORBIDDEN', 'The Host header does not name this gateway.')
  }
  if (origin !== undefined && allowed === null) {
    throw new GatewayError('FORBIDDEN', 'Pages of this origin may not call the gateway. CORS_ORIGINS lists the allowed origins.')
  }
  if (origin === undefined && isForeignSite(request.headers['sec-fetch-site']) && !isBrowserVisit(request)) {
    throw new GatewayError('FORBIDDEN', 'Browsers must send the Origin header with an operation.')
  }
}

/**
 * Whether a browser opens /graphql as a page. Pages of every origin may link to it, because its content is always the same. A request with an
 * operation is never a visit.
 */
function isBrowserVisit({ method, headers, query }: FastifyRequest): boolean {
  if (method !== 'GET' || headers.origin !== undefined || !headers.accept || !/\btext\/html\b/i.test(headers.accept)) return false
  return typeof query === 'object' && query !== null && !('query' in query) && !('extensions' in query)
}

/** Pages of every origin may send plain text and forms without a preflight, but not JSON. */
function checkMediaType({ method, headers }: FastifyRequest): void {
  const given = headers['content-type']
  if (method !== 'POST' || given === undefined || /^application\/json\s*(;|$)/i.test(given)) return
  const message = `The content type of a POST must be application/json, got ${quoteInput(given)}.`
  throw Object.assign(new Error(message), { code: 'UNSUPPORTED_MEDIA_TYPE', statusCode: 415 })
}

/** Fetch Metadata: `same-site` is another host of the same domain, so it is foreign too. */
function isForeignSite(site: string | string[] | undefined): boolean {
  return site !== undefined && site !== 'none' && site !== 'same-origin'
}

async function answerPreflight(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  await reply
    .headers({ allow: 'GET, POST, OPTIONS', ...toPreflightHeaders(request, 'GET, POST') })
    .code(204)
    .send()
}

/**
 * Aborts when the client disconnects before its response, or after `timeoutMs`. Listens to the response, because the request also emits "close"
 * when its body has been read. The timer ends with the response. The timer of AbortSignal.timeout would stay for its whole time.
 */
function createRequestSignal(reply: FastifyReply, timeoutMs: number): AbortSignal {
  const end = new AbortController()
  const timer = setTimeout(() => end.abort(new DOMException('The time limit of the request has expired.', 'TimeoutError')), timeoutMs)
  timer.unref()
  reply.raw.once('close', () => {
    clearTimeout(timer)
    if (!reply.raw.writableFinished) end.abort(new ClientLeft('The client left before its response.'))
  })
  return end.signal
}
