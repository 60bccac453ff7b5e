import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { toProblemBody } from '../delivery/serve/problem.js'
import type { ErrorCode } from '../domain/errors.js'
import type { Connections } from '../lib/http-server.js'
import { codeOf } from '../lib/thrown.js'

const CODE: ErrorCode = 'BAD_USER_INPUT'
const SENTENCES: Readonly<Record<number, string>> = {
  400: 'The request is not valid HTTP/1.1.',
  408: 'The request did not arrive completely within the time limit.',
  431: 'The address and headers of the request are longer than 16 KiB. Send a long query by POST.',
}

/**
 * What Node refuses before there is a request, so that no route can. An answer to an earlier request may be on its way over the same
 * connection: text would become a part of it, so the connection is cut.
 */
export function answerClientError(error: Error, socket: Socket, connections: Connections): void {
  if (!connections.canRefuse(socket)) {
    connections.cut(socket)
    return
  }
  const code = codeOf(error)
  if (code !== 'ECONNRESET' && socket.writable) socket.write(toAnswer(statusOf(code)))
  socket.destroy(error)
}

function statusOf(code: string): number {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  return code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
}

/** A problem document that GraphQL's clients can read too: RFC 9457 lets it have other members. */
function toAnswer(status: number): string {
  const detail = SENTENCES[status] ?? ''
  const errors = [{ message: detail, extensions: { code: CODE } }]
  const body = toProblemBody({ status, code: CODE, detail, more: { errors } })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `date: ${new Date().toUTCString()}`,
    'content-type: application/problem+json',
    `content-length: ${body.byteLength}`,
    'cache-control: no-store',
    // Which page sent it, and to which route, is not known.
    'access-control-allow-origin: *',
    'x-content-type-options: nosniff',
    'connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
