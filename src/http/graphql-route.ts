import { Socket } from 'node:net'
import type { ApolloServer } from '@apollo/server'
import { fastifyApolloHandler } from '@as-integrations/fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../domain/errors.js'
import type { RequestContext } from '../graphql/context.js'
import { quoteInput } from '../graphql/scalars/quote-input.js'
import type { Subscriptions } from '../graphql/subscriptions.js'
import { toAllowedOrigin, toPreflightHeaders } from './cors.js'
import { answerGraphqlError } from './error-handler.js'
import { isVisit, toGraphqlPage } from './graphql-page.js'
import { GRAPHQL_PATH } from './graphql-path.js'
import { createGraphqlSocket } from './graphql-socket.js'
import { sendPage } from './html-page.js'
import { isHostAllowed, type OriginRules } from './origins.js'
import { refuseOtherMethods } from './other-methods.js'
import { createRequestSignal } from './request-signal.js'
import type { SendBuffers } from './send-buffers.js'

/** Bytes of a request. A requestClips of as many inputs as are allowed, each as long as it may be, has a tenth of it. */
const BODY_LIMIT = 1_048_576
/** How long a client may take none of its answer, which holds memory until it has been read. */
const UNREAD_TIMEOUT_MS = 60_000

export interface GraphqlRouteOptions {
  /** Started. */
  readonly apollo: ApolloServer<RequestContext>
  readonly createContext: (signal: AbortSignal) => RequestContext
  readonly subscriptions: Subscriptions
  readonly sendBuffers: SendBuffers
  readonly origins: () => OriginRules
  readonly requestTimeoutMs: number
}

/** GraphQL on /graphql: by GET (queries) and POST, and over WebSockets (subscriptions). */
export async function graphqlRoute(app: FastifyInstance, options: GraphqlRouteOptions): Promise<void> {
  const { apollo, createContext, subscriptions, sendBuffers, origins, requestTimeoutMs } = options
  app.setErrorHandler(answerGraphqlError)
  app.addHook('onRequest', async (request, reply) => {
    checkCaller(request, reply, origins())
    checkMediaType(request)
  })
  const handler = fastifyApolloHandler(apollo, {
    context: async (_request, reply) => {
      const context = createContext(createRequestSignal(reply, requestTimeoutMs))
      reply.raw.once('close', () => context.answer.release())
      return context
    },
  })
  app.addHook('onSend', async (_request, { raw }) => {
    // Node destroys the connection. It begins only now: resolvers may take longer without a byte on the wire.
    if (raw.socket instanceof Socket) raw.socket.setTimeout(UNREAD_TIMEOUT_MS)
  })
  // A HEAD would run the query and throw its answer away.
  app.route({
    method: 'GET',
    url: GRAPHQL_PATH,
    exposeHeadRoute: false,
    async handler(request, reply) {
      return isVisit(request) ? sendPage(reply, toGraphqlPage(origins().publicUrl)) : handler.call(app, request, reply)
    },
    wsHandler: createGraphqlSocket(subscriptions, sendBuffers),
  })
  app.route({ method: 'POST', url: GRAPHQL_PATH, bodyLimit: BODY_LIMIT, handler })
  app.options(GRAPHQL_PATH, answerPreflight)
  refuseOtherMethods(app, GRAPHQL_PATH)
}

/**
 * Refuses foreign hosts and pages, and lets the pages that may call read the answer, refusals included. No query and no mutation runs for a
 * foreign page, whatever its answer would be: a page that calls from another origin names it, and a browser says of an image, a script or
 * a link that names none where it comes from (Sec-Fetch-Site). What sends neither is a program, or a browser that hides the answer.
 */
function checkCaller(request: FastifyRequest, reply: FastifyReply, rules: OriginRules): void {
  const { origin, host = '' } = request.headers
  // Answers hold URLs that open without credentials.
  reply.headers({ vary: 'Origin', 'cache-control': 'no-store' })
  const allowed = toAllowedOrigin(request, rules)
  if (allowed !== null) reply.headers({ ...allowed, 'access-control-expose-headers': 'Retry-After' })
  if (!isHostAllowed(host, rules)) {
    throw new GatewayError('FORBIDDEN', 'The Host header names another host than this gateway is reached at.')
  }
  if (origin === undefined) {
    if (isForeignSite(request.headers['sec-fetch-site']) && !isVisit(request)) {
      throw new GatewayError('FORBIDDEN', 'Only programs, and pages that name their origin, may ask something here.')
    }
    return
  }
  if (allowed === null) {
    throw new GatewayError('FORBIDDEN', 'Pages of this origin may not call the gateway (CORS_ORIGINS names those that may).')
  }
}

/** A page of any origin may send text and forms without asking first; it may not send JSON. */
function checkMediaType({ method, headers }: FastifyRequest): void {
  const given = headers['content-type']
  if (method !== 'POST' || given === undefined || /^application\/json\s*(;|$)/i.test(given)) return
  const message = `A POST carries its operation as JSON: the content type application/json is expected, given was ${quoteInput(given)}.`
  throw Object.assign(new Error(message), { code: 'UNSUPPORTED_MEDIA_TYPE', statusCode: 415 })
}

/** Fetch Metadata: `same-site` is another host of the same domain, and foreign too. */
function isForeignSite(site: string | string[] | undefined): boolean {
  return site !== undefined && site !== 'none' && site !== 'same-origin'
}

/** What a page may send, asked for by its browser beforehand. */
async function answerPreflight(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  await reply
    .headers({ allow: 'GET, POST, OPTIONS', ...toPreflightHeaders(request, 'GET, POST') })
    .code(204)
    .send()
}
