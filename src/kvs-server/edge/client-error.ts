import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Connections } from '../../lib/http-server.js'
import { codeOf } from '../../lib/thrown.js'
import { toErrorBody } from './send-error.js'

const STATUSES: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }

/** What cannot be read as HTTP. An answer may be on its way over the same connection, such as the acknowledgements of an upload: it is cut. */
export function answerClientError(error: Error, socket: Socket, connections: Connections): void {
  if (!connections.canRefuse(socket)) {
    connections.cut(socket)
    return
  }
  const code = codeOf(error)
  if (code !== 'ECONNRESET' && socket.writable) socket.write(toAnswer(STATUSES[code] ?? 400))
  socket.destroy(error)
}

function toAnswer(status: number): string {
  const name = 'InvalidArgumentException'
  const body = JSON.stringify(toErrorBody({ name, message: 'The request is not valid HTTP/1.1, too long, or did not arrive in time' }))
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `x-amzn-ErrorType: ${name}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
