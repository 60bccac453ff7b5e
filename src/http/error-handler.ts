import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { toProblemBody } from '../delivery/serve/problem.js'
import { type ErrorCode, GatewayError } from '../domain/errors.js'
import { READABLE_EVERYWHERE } from './cors.js'
import { toUnavailable } from './unavailable.js'

const STATUS: Record<ErrorCode, number> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  RATE_LIMITED: 429,
  KVS_THROTTLED: 503,
  KVS_UNAVAILABLE: 502,
  KVS_ACCESS_DENIED: 502,
  INTERNAL_SERVER_ERROR: 500,
}

/** Fastify's own message has the whole address in it. */
const URI_TOO_LONG = 414
const TOO_LONG = 'This address is longer than any that this gateway gives out.'
const OUR_FAULT = 'Something went wrong in the gateway; its log says what.'

/** What a client is told: the same facts in the two shapes that the routes answer in. */
interface Refusal {
  readonly status: number
  readonly code: ErrorCode
  readonly message: string
  readonly retryAfterMs?: number | undefined
}

/** For `/graphql`: whatever is refused before GraphQL sees it has GraphQL's shape. */
export function answerGraphqlError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, code, message, retryAfterMs } = toRefusal(error, request)
  setRetryAfter(reply, retryAfterMs)
  const extensions = retryAfterMs === undefined ? { code } : { code, retryAfterMs }
  reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send({ errors: [{ message, extensions }] })
}

/** For all other routes: RFC 9457. */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, code, message, retryAfterMs } = toRefusal(error, request)
  setRetryAfter(reply, retryAfterMs)
  reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .send(toProblemBody({ status, code, detail: message }))
}

export function answerNotFound(request: FastifyRequest, reply: FastifyReply): void {
  answerProblem(new GatewayError('NOT_FOUND', 'There is nothing at this address.'), request, reply.headers(READABLE_EVERYWHERE))
}

function setRetryAfter(reply: FastifyReply, retryAfterMs: number | undefined): void {
  if (retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(retryAfterMs / 1000)))
}

function toRefusal(error: unknown, request: FastifyRequest): Refusal {
  if (error instanceof GatewayError) {
    return { status: STATUS[error.code], code: error.code, message: error.message, retryAfterMs: error.details.retryAfterMs }
  }
  const status = clientStatusOf(error)
  if (status !== null && error instanceof Error) {
    return { status, code: codeOf(status), message: status === URI_TOO_LONG ? TOO_LONG : error.message }
  }
  const unavailable = toUnavailable(error)
  if (unavailable !== null) {
    const { message, retryAfterMs, cause } = unavailable
    if (cause !== undefined) request.log.warn({ err: cause }, 'a request was refused')
    return { status: 503, code: 'INTERNAL_SERVER_ERROR', message, retryAfterMs }
  }
  request.log.error({ err: error }, 'a request failed')
  return { status: 500, code: 'INTERNAL_SERVER_ERROR', message: OUR_FAULT }
}

/** Fastify's own refusals (too large, not JSON, a content type it does not take) carry their status; their messages are for clients. */
function clientStatusOf(error: unknown): number | null {
  const status = isFastifyError(error) ? (error.statusCode ?? 500) : 500
  return status >= 400 && status < 500 ? status : null
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'statusCode' in error
}

function codeOf(status: number): ErrorCode {
  if (status === 401) return 'UNAUTHENTICATED'
  if (status === 403) return 'FORBIDDEN'
  if (status === 404) return 'NOT_FOUND'
  return status === 429 ? 'RATE_LIMITED' : 'BAD_USER_INPUT'
}
