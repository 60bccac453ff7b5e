import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { GatewayError } from '../domain/errors.js'
import { connectionsOf } from '../lib/http-server.js'
import { runRequest, toRequestId } from '../lib/running-request.js'
import { describeSpan, inServerSpan } from '../lib/tracing.js'
import { answerClientError } from './client-error.js'
import { READABLE_EVERYWHERE } from './cors.js'
import { answerNotFound, answerProblem } from './error-handler.js'
import type { GatewayMetrics } from './gateway-metrics.js'
import { type GraphqlRouteOptions, graphqlRoute } from './graphql-route.js'
import type { Health } from './health.js'
import { healthRoute } from './health-route.js'
import { SendBuffers, type SendLimits } from './send-buffers.js'
import { textRoutes } from './text-routes.js'
import { addWebSockets, isWebSocketHandshake } from './web-sockets.js'

/** The token of a clip has at most 2,000 characters, its file name a few hundred. */
const MAX_PARAM_LENGTH = 4096
/** Time limit for receiving a request. Responses have no limit, because downloads can take long. */
const RECEIVE_TIMEOUT_MS = 60_000
/** Another gateway may take over within a second. */
const RETRY_AFTER_MS = 1_000

export interface AppOptions extends Omit<GraphqlRouteOptions, 'sendBuffers'> {
  readonly sendLimits: SendLimits
  readonly schemaText: string | null
  readonly metrics: GatewayMetrics
  readonly health: Health
  /** Then this address serves neither metrics nor the state of each dependency. */
  readonly hasAdminAddress: boolean
  readonly trustProxy: false | number | string
  readonly logger: FastifyBaseLogger
}

/** Builds the app with all routes except those of clips, which are a plugin. Starts Apollo, and stops it when the app closes. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { apollo, authenticator, health, hasAdminAddress, origins } = options
  const app = fastify({
    loggerInstance: options.logger,
    http: { shouldUpgradeCallback: isWebSocketHandshake },
    // URLs of clips are credentials, so logByRoute logs the route and never the URL.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    requestTimeout: RECEIVE_TIMEOUT_MS,
    trustProxy: toTrustProxy(options.trustProxy),
    genReqId: ({ headers }) => toRequestId(headers['x-request-id']),
    frameworkErrors: answerUnrouted,
    clientErrorHandler: (error, socket) => answerClientError(error, socket, connections),
    // Fastify's own response is not a problem document.
    return503OnClosing: false,
  })
  const connections = connectionsOf(app.server)
  app.server.on('upgrade', ({ socket }) => connections.forget(socket))
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
    health.close()
  })
  addRequestIds(app)
  refuseWhen(app, () => isClosing)
  app.addHook('onClose', () => apollo.stop())
  app.setErrorHandler(answerProblem)
  app.setNotFoundHandler(answerNotFound)
  addSecurityHeaders(app)
  logByRoute(app)
  await addWebSockets(app)
  await apollo.start()
  const sendBuffers = new SendBuffers(options.sendLimits)
  await app.register(graphqlRoute, { ...options, sendBuffers })
  await app.register(healthRoute, { health, showsDependencies: !hasAdminAddress })
  const metrics = hasAdminAddress ? null : options.metrics
  await app.register(textRoutes, { schemaText: options.schemaText, metrics, authenticator, publicUrl: () => origins().publicUrl })
  return app
}

/** Fastify expects a number of proxies as a function of the hop. */
function toTrustProxy(trustProxy: AppOptions['trustProxy']): string | boolean | ((address: string, hop: number) => boolean) {
  return typeof trustProxy === 'number' ? (_address, hop) => hop < trustProxy : trustProxy
}

/** On every response, unless its route sets other values. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const

/** For requests that Fastify cannot route. No hook runs for them. */
function answerUnrouted(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  answerProblem(error, request, reply.headers({ ...SECURITY_HEADERS, ...READABLE_EVERYWHERE, 'x-request-id': request.id }))
}

/** Not in one hook: refusals need the header, and the context of the handler starts after the body has been read. */
function addRequestIds(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id))
  app.addHook('preHandler', (request, reply, done) => {
    const name = `${request.method} ${request.routeOptions.url ?? ''}`.trimEnd()
    const onEnd = (end: (status: number) => void) => void reply.raw.once('close', () => end(reply.raw.statusCode))
    inServerSpan({ name, headers: request.headers, onEnd }, () => {
      describeSpan({ 'clipgate.request_id': request.id })
      runRequest({ id: request.id, address: request.ip }, done)
    })
  })
}

/** A kept-alive connection can send one more request while the gateway closes. Health probes are still answered. */
function refuseWhen(app: FastifyInstance, isClosing: () => boolean): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!isClosing() || request.routeOptions.url?.startsWith('/health/') === true) return
    reply.headers(READABLE_EVERYWHERE)
    throw new GatewayError('OVERLOADED', 'The gateway is shutting down. Send the request again.', { retryAfterMs: RETRY_AFTER_MS })
  })
}

function addSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      if (!reply.hasHeader(name)) reply.header(name, value)
    }
  })
}

function logByRoute(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    request.log.debug({ method, route: routeOptions.url ?? null, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'answered')
  })
}
