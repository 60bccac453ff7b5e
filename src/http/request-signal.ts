import type { FastifyReply } from 'fastify'
import { ClientLeft } from '../graphql/context.js'

/**
 * Aborted when the client leaves before its answer, or after `timeoutMs`. It listens to the answer's own "close": that of the request
 * also comes when the body has been read, and the socket may serve other requests. The timer goes with the answer, where that of
 * AbortSignal.timeout would stay for its whole time, thousands of them on a busy gateway.
 */
export function createRequestSignal(reply: FastifyReply, timeoutMs: number): AbortSignal {
  const end = new AbortController()
  const timer = setTimeout(() => end.abort(new DOMException('The time of the request is over.', 'TimeoutError')), timeoutMs)
  timer.unref()
  reply.raw.once('close', () => {
    clearTimeout(timer)
    if (!reply.raw.writableFinished) end.abort(new ClientLeft('The client left before its answer.'))
  })
  return end.signal
}
