import type { FastifyReply } from 'fastify'

/**
 * Aborted when the client leaves before its answer, or after `timeoutMs`. It listens to the answer's own "close": that of the request
 * also comes when the body has been read, and the socket may serve other requests.
 */
export function createRequestSignal(reply: FastifyReply, timeoutMs: number): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new Error('The client left before its answer.'))
  })
  return AbortSignal.any([gone.signal, AbortSignal.timeout(timeoutMs)])
}
