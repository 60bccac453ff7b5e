import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorCode } from '../domain/errors.js'
import { codeOf } from '../lib/thrown.js'

const CODE: ErrorCode = 'BAD_USER_INPUT'
const SENTENCES: Readonly<Record<number, string>> = {
  400: 'This is no HTTP/1.1 request.',
  408: 'The request did not come whole within the time that it may take.',
  431: 'The address and the headers of the request are longer than the 16 KiB that are read; send a long query by POST.',
}

/** What Node refuses before there is a request, so that no route can: which it was meant for is not known either. */
export function answerClientError(error: Error, socket: Socket): void {
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
  const message = SENTENCES[status] ?? ''
  const body = JSON.stringify({ title: message, status, code: CODE, errors: [{ message, extensions: { code: CODE } }] })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    'connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
