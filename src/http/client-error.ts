import type { Socket } from 'node:net'
import { toProblemBody } from '../delivery/serve/problem.js'
import type { ErrorCode } from '../domain/errors.js'
import type { Connections } from '../lib/http-server.js'

const CODE: ErrorCode = 'BAD_USER_INPUT'
const SENTENCES: Readonly<Record<number, string>> = {
  400: 'The request is not valid HTTP/1.1.',
  408: 'The request did not arrive completely within the time limit.',
  431: 'The address and headers of the request are longer than 16 KiB. Send a long query by POST.',
}

/** Answers what Node refuses before there is a request, so that no route can. */
export function answerClientError(error: Error, socket: Socket, connections: Connections): void {
  connections.refuse(socket, error, toAnswer)
}

/** A problem document that GraphQL's clients can read too: RFC 9457 lets it have other members. */
function toAnswer(status: number): { head: string[]; body: string } {
  const detail = SENTENCES[status] ?? ''
  const errors = [{ message: detail, extensions: { code: CODE } }]
  const body = toProblemBody({ status, code: CODE, detail, more: { errors } })
  const head = [
    `date: ${new Date().toUTCString()}`,
    'content-type: application/problem+json',
    `content-length: ${body.byteLength}`,
    'cache-control: no-store',
    // Which page sent it, and to which route, is not known.
    'access-control-allow-origin: *',
    'x-content-type-options: nosniff',
  ]
  return { head, body: body.toString() }
}
