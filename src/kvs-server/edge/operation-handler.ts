import { cutAnswer } from '../../lib/http-server.js'
import type { Fault } from '../faults/fault-rule.js'
import type { Faults } from '../faults/faults.js'
import type { KvsServices } from '../kvs-services.js'
import { isMediaAnswer, type MediaAnswer, type WireInput } from '../operation.js'
import type { ServedOperation } from '../operations.js'
import { encodeWireJson } from '../wire/wire-json.js'
import type { Exchange } from './exchange.js'
import { spoilAnswer, spoilsBody } from './faulted-answer.js'
import type { Gatekeeper } from './gatekeeper.js'
import { sendError, toWireError } from './send-error.js'
import { sendJson } from './send-json.js'
import { sendMedia } from './send-media.js'
import { strikeBeforeAnswer } from './strike-faults.js'
import { findStreamName, parseWireBody } from './wire-body.js'

export interface EdgeContext {
  readonly services: KvsServices
  readonly gatekeeper: Gatekeeper
  /** Null where fault rules are not allowed. */
  readonly faults: Faults | null
}

/** How a request is counted whose answer is no error: `Fault` where a fault rule was the answer. */
export type Outcome = 'ok' | 'Fault'

/** Answers one request for one operation, whatever happens; never rejects. */
export async function handleOperation(
  exchange: Exchange,
  operation: ServedOperation,
  { body, context }: { body: Uint8Array; context: EdgeContext },
): Promise<void> {
  const { metrics } = context.services
  try {
    context.gatekeeper(exchange.request, body)
    metrics.countRequest(operation.name, await answer(exchange, operation, { input: parseWireBody(body), context }))
  } catch (error) {
    metrics.countRequest(operation.name, answerError(exchange, error))
  }
}

/** Sends the error if that can still be done, and tells by which name it is counted. */
export function answerError(exchange: Exchange, error: unknown): string {
  if (exchange.call.signal.aborted) return 'ClientLeft'
  const wireError = toWireError(error, exchange)
  if (exchange.response.headersSent) cutAnswer(exchange.response)
  else sendError(exchange, wireError)
  return wireError.name
}

async function answer(
  exchange: Exchange,
  operation: ServedOperation,
  { input, context }: { input: WireInput; context: EdgeContext },
): Promise<Outcome> {
  const { services } = context
  const stream = findStreamName(input)
  const faults = context.faults?.strike(operation.name, stream) ?? []
  if (await strikeBeforeAnswer(exchange, faults)) return 'Fault'

  const run = operation.accept(input)
  const streamId = stream === null ? null : (services.streams.find({ name: stream, arn: null })?.id ?? null)
  services.quotas.admit(operation.name, streamId)
  await send(exchange, { operation: operation.name, result: await run(services, exchange.call), faults, services })
  return 'ok'
}

interface Result {
  readonly operation: string
  readonly result: object | MediaAnswer
  readonly faults: readonly Fault[]
  readonly services: KvsServices
}

async function send(exchange: Exchange, { operation, result, faults, services }: Result): Promise<void> {
  const isSpoilt = faults.some(spoilsBody)
  if (!isMediaAnswer(result) && !isSpoilt) return sendJson(exchange.response, result, { requestId: exchange.call.requestId })
  const media = isMediaAnswer(result) ? result : toMedia(result)
  const sent = isSpoilt ? spoilAnswer(media, faults, exchange.call.signal) : media
  await sendMedia(exchange, sent, (bytes) => services.metrics.countOutgoingBytes(operation, bytes))
}

function toMedia(result: object): MediaAnswer {
  const bytes = Buffer.from(encodeWireJson(result))
  const body = (async function* () {
    yield bytes
  })()
  return { contentType: 'application/json', sizeBytes: bytes.length, body }
}
