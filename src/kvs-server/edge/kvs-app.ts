// The HTTP edge. Fastify routes the request and reads the body; the code behind it speaks the protocol of the service. The path alone names
// the operation. No content type is required: clients label JSON in different ways (json, x-amz-json-1.1, nothing).
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { connectionsOf } from '../../lib/http-server.js'
import { HLS_RESOURCES } from '../hls/hls-resources.js'
import type { KvsServices } from '../operations/kvs-services.js'
import { servedOperations } from '../operations/served-operations.js'
import { AwsException } from '../wire/aws-exception.js'
import { type Exchange, openExchange } from './exchange.js'
import { registerFaultRoutes } from './fault-routes.js'
import { allowEveryOrigin, handleHls } from './hls-routes.js'
import { type EdgeContext, handleOperation } from './operation-handler.js'
import { sendError, toErrorBody, toWireError } from './send-json.js'
import { handleUpload } from './upload-handler.js'

export interface KvsAppOptions {
  readonly context: EdgeContext
  readonly ownUrl: () => string
  readonly logger: FastifyBaseLogger | null
}

const BODY_LIMIT_BYTES = 1024 * 1024
const BODY_TIMEOUT_MS = 30_000
/** An upload may last 45 minutes and then gets an acknowledgement. Longer requests are cut. */
const REQUEST_TIMEOUT_MS = 46 * 60 * 1000

export function buildKvsApp(options: KvsAppOptions): FastifyInstance {
  const app: FastifyInstance = Fastify({
    ...(options.logger === null ? { logger: false } : { loggerInstance: options.logger }),
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A path that cannot be decoded does not reach the error handler.
    frameworkErrors: createErrorHandler(options),
    clientErrorHandler: (error, socket) => connections.refuse(socket, error, toInvalidHttp),
  })
  const connections = connectionsOf(app.server)
  app.removeAllContentTypeParsers()
  app.addHook('onRequest', async ({ raw }) => {
    // Fastify would answer 415 to a type that it cannot parse. Signatures are checked against the raw headers, which stay unchanged.
    raw.headers['content-type'] = 'application/octet-stream'
  })
  registerErrors(app, options)
  app.register(async (scope) => registerOperations(scope, options))
  app.register(async (scope) => registerUpload(scope, options))
  app.register(async (scope) => registerHls(scope, options))
  registerState(app, options.context.services)
  return app
}

type Route = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

/** A route that answers through Node's response. */
function toRoute(options: KvsAppOptions, answer: (exchange: Exchange, request: FastifyRequest) => Promise<void> | void): Route {
  return async (request, reply) => {
    reply.hijack()
    await answer(openExchange(request, reply.raw, options.ownUrl()), request)
  }
}

function registerOperations(scope: FastifyInstance, options: KvsAppOptions): void {
  const { context } = options
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  boundBodyTime(scope)
  for (const operation of servedOperations) {
    const answer = (exchange: Exchange, request: FastifyRequest) => handleOperation(exchange, operation, { body: bodyOf(request), context })
    scope.post(operation.path, toRoute(options, answer))
  }
  const { faults, gatekeeper } = context
  if (faults !== null) registerFaultRoutes(scope, faults, gatekeeper)
}

function registerUpload(scope: FastifyInstance, options: KvsAppOptions): void {
  // The upload handler reads the body.
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
  const answer = (exchange: Exchange) => handleUpload(exchange, options.context)
  scope.post('/putMedia', { bodyLimit: Number.MAX_SAFE_INTEGER }, toRoute(options, answer))
}

function registerHls(scope: FastifyInstance, options: KvsAppOptions): void {
  // A player sends no body. Any body is ignored.
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
  const allow = toRoute(options, ({ response }) => {
    allowEveryOrigin(response)
    response.writeHead(204).end()
  })
  for (const resource of HLS_RESOURCES) {
    scope.get(
      resource.path,
      toRoute(options, (exchange) => handleHls(exchange, resource, options.context)),
    )
    scope.options(resource.path, allow)
  }
}

// A body of at most 1 MiB does not need minutes to arrive.
function boundBodyTime(scope: FastifyInstance): void {
  const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>()
  scope.addHook('onRequest', async (request) => {
    timers.set(request, setTimeout(() => request.raw.destroy(), BODY_TIMEOUT_MS).unref())
    request.raw.once('close', () => clearTimeout(timers.get(request)))
  })
  scope.addHook('preHandler', async (request) => clearTimeout(timers.get(request)))
}

function registerErrors(app: FastifyInstance, options: KvsAppOptions): void {
  const refuseUnknown = (exchange: Exchange, { method, url }: FastifyRequest) =>
    sendError(exchange, new AwsException('UnknownOperationException', `Unknown operation: ${method} ${url.slice(0, 100)}`))
  app.setNotFoundHandler(toRoute(options, refuseUnknown))
  app.setErrorHandler(createErrorHandler(options))
}

function createErrorHandler(options: KvsAppOptions): (error: unknown, request: FastifyRequest, reply: FastifyReply) => void {
  return (error, request, reply) =>
    toRoute(options, (exchange) => {
      exchange.response.shouldKeepAlive = false
      sendError(exchange, toWireError(fromFastify(error), exchange))
    })(request, reply)
}

/** Translates the errors of Fastify, which come before any operation. */
function fromFastify(error: unknown): unknown {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return error
  if (error.statusCode === 413) {
    return new AwsException('RequestEntityTooLargeException', `The body must be at most ${BODY_LIMIT_BYTES} bytes long`, { cause: error })
  }
  return error.statusCode < 500 ? new AwsException('InvalidArgumentException', error.message, { cause: error }) : error
}

function registerState(app: FastifyInstance, { metrics }: KvsServices): void {
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.write()))
  app.get('/health/live', async () => ({ status: 'ok' }))
  app.get('/health/ready', async () => ({ status: 'ok', dependencies: { archive: 'ok' } }))
}

function bodyOf({ body }: FastifyRequest): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array(0)
}

function toInvalidHttp(): { head: string[]; body: string } {
  const name = 'InvalidArgumentException'
  const body = JSON.stringify(toErrorBody({ name, message: 'The request is not valid HTTP/1.1, too long, or did not arrive in time' }))
  return { head: [`x-amzn-ErrorType: ${name}`, 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`], body }
}
