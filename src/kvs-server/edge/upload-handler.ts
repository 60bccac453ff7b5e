import { setTimeout as delay } from 'node:timers/promises'
import { sleep } from '../../lib/clock.js'
import type { KvsServices } from '../kvs-services.js'
import type { UploadAnswer, UploadOperation } from '../operation.js'
import { IDLE } from '../upload/acknowledgement.js'
import type { Exchange } from './exchange.js'
import { faultyUpload } from './faulty-upload.js'
import { answerError, type EdgeContext, type Outcome } from './operation-handler.js'
import { strikeBeforeAnswer } from './strike-faults.js'
import { createUploadAnswer } from './upload-answer.js'

const NO_BODY = new Uint8Array(0)
/** How long the rest of a refused upload is read and dropped, so that the producer can read why. */
const LINGER_MS = 2000

/** How often an answer that a fault rule keeps from ending says that it is still there. */
const ENDLESS_IDLE_MS = 250

/** Answers one PutMedia, whatever happens; never rejects. */
export async function handleUpload(exchange: Exchange, upload: UploadOperation<KvsServices>, context: EdgeContext): Promise<void> {
  const { metrics } = context.services
  // What a fault rule still does to the upload when its answer is over (a body that stalls, say) is over then too.
  const over = new AbortController()
  try {
    context.gatekeeper(exchange.request, NO_BODY)
    const outcome = await answer(exchange, upload, { context, over: over.signal })
    if (outcome === 'ok') exchange.response.end()
    metrics.countRequest('PutMedia', outcome)
  } catch (error) {
    exchange.response.shouldKeepAlive = false
    metrics.countRequest('PutMedia', answerError(exchange, error))
  }
  await linger(exchange)
  over.abort()
}

async function answer(
  exchange: Exchange,
  upload: UploadOperation<KvsServices>,
  { context, over }: { context: EdgeContext; over: AbortSignal },
): Promise<Outcome> {
  const { services, faults } = context
  const { request, call } = exchange
  const stream = namedStream(request.headers)
  const struck = faults?.strike('PutMedia', stream) ?? []
  if (await strikeBeforeAnswer(exchange, struck)) return 'Fault'
  services.quotas.admit('PutMedia', stream === null ? null : (services.streams.find({ name: stream, arn: null })?.id ?? null))
  const body = faultyUpload(request, struck, AbortSignal.any([call.signal, over]))
  const uploadAnswer = createUploadAnswer(exchange)
  await upload({ ...call, headers: request.headers, body }, services, uploadAnswer)
  if (struck.some(({ kind }) => kind === 'endless')) await goOn(uploadAnswer, AbortSignal.any([call.signal, services.closing]))
  return 'ok'
}

/** The answer without end: of PutMedia, the acknowledgements. */
async function goOn(answer: UploadAnswer, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    answer.acknowledge(IDLE)
    await sleep(ENDLESS_IDLE_MS, signal).catch(() => {})
  }
}

function namedStream(headers: Exchange['request']['headers']): string | null {
  const { 'x-amzn-stream-name': name, 'x-amzn-stream-arn': arn } = headers
  if (typeof name === 'string') return name
  return typeof arn === 'string' ? (arn.split('/')[1] ?? null) : null
}

// Closing a connection with unread bytes resets it, and the reset may overtake the answer.
async function linger({ request }: Exchange): Promise<void> {
  if (request.complete || request.destroyed) return
  request.resume()
  await delay(LINGER_MS, undefined, { ref: false })
  if (!request.complete) request.socket.destroy()
}
