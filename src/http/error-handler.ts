import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { toProblemBody } from '../delivery/serve/problem.js'
import { ERRORS, GatewayError, type GraphqlErrorCode } from '../domain/errors.js'
import { isOutOfDescriptors } from '../lib/thrown.js'
import { READABLE_EVERYWHERE } from './cors.js'

/** Fastify's own message has the whole address in it. */
const URI_TOO_LONG = 414
const TOO_LONG = 'This address is longer than any that this gateway gives out.'
const OVERLOADED = 'The gateway has too many files and connections open. Send the request again later.'
const RETRY_OVERLOADED_AFTER_MS = 1_000

/** What a client is told: the same facts in the two shapes that the routes answer in. */
interface Refusal {
  readonly status: number
  readonly code: GraphqlErrorCode
  readonly message: string
  readonly retryAfterMs?: number | undefined
}

/** For `/graphql`: whatever is refused before GraphQL sees it has GraphQL's shape. */
export function answerGraphqlError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, code, message, retryAfterMs } = toRefusal(error, request)
  setAnswerHeaders(reply, { status, retryAfterMs })
  const extensions = retryAfterMs === undefined ? { code } : { code, retryAfterMs }
  reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send({ errors: [{ message, extensions }] })
}

/** For all other routes: RFC 9457. */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, code, message, retryAfterMs } = toRefusal(error, request)
  setAnswerHeaders(reply, { status, retryAfterMs })
  reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .send(toProblemBody({ status, code, detail: message }))
}

export function answerNotFound(request: FastifyRequest, reply: FastifyReply): void {
  answerProblem(new GatewayError('NOT_FOUND', 'There is nothing at this address.'), request, reply.headers(READABLE_EVERYWHERE))
}

function setAnswerHeaders(reply: FastifyReply, { status, retryAfterMs }: Pick<Refusal, 'status' | 'retryAfterMs'>): void {
  // RFC 9110, 15.5.2.
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(retryAfterMs / 1000)))
}

function toRefusal(error: unknown, request: FastifyRequest): Refusal {
  const status = clientStatusOf(error)
  if (status !== null && error instanceof Error) {
    return { status, code: codeOf(status), message: status === URI_TOO_LONG ? TOO_LONG : error.message }
  }
  const { code, message, details } = toGatewayError(error, request)
  return { status: ERRORS[code].status, code: ERRORS[code].graphql, message, retryAfterMs: details.retryAfterMs }
}

function toGatewayError(error: unknown, request: FastifyRequest): GatewayError {
  if (isOutOfDescriptors(error)) {
    request.log.warn({ err: error }, 'a request was refused')
    return new GatewayError('OVERLOADED', OVERLOADED, { retryAfterMs: RETRY_OVERLOADED_AFTER_MS }, { cause: error })
  }
  if (error instanceof GatewayError) return error
  request.log.error({ err: error }, 'a request failed')
  return new GatewayError('INTERNAL_SERVER_ERROR', 'Something went wrong in the gateway; its log says what.', {}, { cause: error })
}

/** Fastify's own refusals (too large, not JSON, a content type it does not take) carry their status; their messages are for clients. */
function clientStatusOf(error: unknown): number | null {
  const status = isFastifyError(error) ? (error.statusCode ?? 500) : 500
  return status >= 400 && status < 500 ? status : null
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'statusCode' in error
}

function codeOf(status: number): GraphqlErrorCode {
  if (status === 401) return 'UNAUTHENTICATED'
  if (status === 403) return 'FORBIDDEN'
  if (status === 404) return 'NOT_FOUND'
  return status === 429 ? 'RATE_LIMITED' : 'BAD_USER_INPUT'
}
