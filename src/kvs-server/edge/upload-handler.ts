import { setTimeout as delay } from 'node:timers/promises'
import { sleep } from '../../lib/clock.js'
import { cutAnswer } from '../../lib/http-server.js'
import { putMedia } from '../operations/put-media.js'
import { IDLE } from '../upload/acknowledgement.js'
import type { UploadAnswer } from '../wire/operation.js'
import { findStreamName } from '../wire/selectors.js'
import { applyBeforeAnswer, faultyUpload } from './apply-faults.js'
import type { Exchange } from './exchange.js'
import { admit, answerError, type EdgeContext, type Outcome } from './operation-handler.js'

/** How long the rest of a refused upload is read and dropped, so that the producer can read the response. */
const LINGER_MS = 2000
/** The interval of IDLE acknowledgements in a response that a fault rule keeps open. */
const ENDLESS_IDLE_MS = 250

/** Answers one PutMedia request. Never rejects. */
export async function handleUpload(exchange: Exchange, context: EdgeContext): Promise<void> {
  const { metrics } = context.services
  // Ends faults of the upload, such as a stalled body, when the response has ended.
  const over = new AbortController()
  try {
    context.gatekeeper(exchange.request, new Uint8Array(0))
    const outcome = await answer(exchange, context, over.signal)
    if (outcome === 'ok') exchange.response.end()
    metrics.countRequest('PutMedia', outcome)
  } catch (error) {
    exchange.response.shouldKeepAlive = false
    metrics.countRequest('PutMedia', answerError(exchange, error))
  }
  await linger(exchange)
  over.abort()
}

async function answer(exchange: Exchange, { services, faults }: EdgeContext, over: AbortSignal): Promise<Outcome> {
  const { request, call } = exchange
  const stream = findStreamName(request.headers['x-amzn-stream-name'], request.headers['x-amzn-stream-arn'])
  const applied = faults?.apply('PutMedia', stream) ?? []
  if (await applyBeforeAnswer(exchange, applied)) return 'Fault'
  admit(services, 'PutMedia', stream)
  const body = faultyUpload(request, applied, AbortSignal.any([call.signal, over]))
  const uploadAnswer = createUploadAnswer(exchange)
  await putMedia({ ...call, headers: request.headers, body }, services, uploadAnswer)
  if (applied.some(({ kind }) => kind === 'endless')) await goOn(uploadAnswer, AbortSignal.any([call.signal, services.closing]))
  return 'ok'
}

/** The `endless` fault of PutMedia: acknowledgements without end. */
async function goOn(answer: UploadAnswer, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    answer.acknowledge(IDLE)
    await sleep(ENDLESS_IDLE_MS, signal).catch(() => {})
  }
}

// Closing a connection with unread bytes resets it, and the reset may overtake the answer.
async function linger({ request }: Exchange): Promise<void> {
  if (request.complete || request.destroyed) return
  request.resume()
  await delay(LINGER_MS, undefined, { ref: false })
  if (!request.complete) request.socket.destroy()
}

/** The most bytes of unread acknowledgements, about five thousand of them. */
const UNREAD_BYTES = 512 * 1024

/** The response to PutMedia: an early status 200, then a line of JSON for each acknowledgement. */
function createUploadAnswer({ response, call, log }: Exchange): UploadAnswer {
  return {
    accept() {
      if (response.headersSent) return
      response.setHeader('x-amzn-RequestId', call.requestId)
      response.setHeader('content-type', 'application/json')
      response.writeHead(200)
      response.flushHeaders()
    },
    acknowledge(acknowledgement) {
      if (response.destroyed || response.writableEnded) return
      response.write(`${JSON.stringify(acknowledgement)}\n`)
      if (response.writableLength <= UNREAD_BYTES) return
      log.warn({ requestId: call.requestId }, 'a producer did not read its acknowledgements; its connection was closed')
      cutAnswer(response)
    },
    report(error) {
      log.warn({ requestId: call.requestId, err: error }, 'an upload failed')
    },
  }
}
