import { cutAnswer } from '../../lib/http-server.js'
import type { Faults } from '../faults/faults.js'
import type { KvsServices } from '../operations/kvs-services.js'
import type { ServedOperation } from '../operations/served-operations.js'
import { isMediaAnswer, toMediaAnswer } from '../wire/operation.js'
import { findStreamName } from '../wire/selectors.js'
import type { WireInput } from '../wire/wire-input.js'
import { encodeWireJson, parseWireBody } from '../wire/wire-json.js'
import { applyBeforeAnswer, spoilAnswer, spoilsBody } from './apply-faults.js'
import type { Exchange } from './exchange.js'
import type { Gatekeeper } from './gatekeeper.js'
import { sendError, sendJson, toWireError } from './send-json.js'
import { sendMedia } from './send-media.js'

export interface EdgeContext {
  readonly services: KvsServices
  readonly gatekeeper: Gatekeeper
  /** Null if fault rules are not allowed. */
  readonly faults: Faults | null
}

/** The metric label of a request without an error. `Fault`: a fault rule was the response. */
export type Outcome = 'ok' | 'Fault'

/** Answers one request. Never rejects. */
export async function handleOperation(
  exchange: Exchange,
  operation: ServedOperation,
  { body, context }: { body: Uint8Array; context: EdgeContext },
): Promise<void> {
  await counted(exchange, { name: operation.name, metrics: context.services.metrics }, () => {
    context.gatekeeper(exchange.request, body)
    return answer(exchange, operation, { input: parseWireBody(body), context })
  })
}

interface Counted {
  readonly name: string
  readonly metrics: KvsServices['metrics']
}

/** Counts a request by its outcome. Sends the error if it fails. Never rejects. */
export async function counted(exchange: Exchange, { name, metrics }: Counted, answer: () => Promise<Outcome>): Promise<void> {
  try {
    metrics.countRequest(name, await answer())
  } catch (error) {
    metrics.countRequest(name, answerError(exchange, error))
  }
}

/** Sends the error if that is still possible. Returns the name by which it is counted. */
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
  const stream = findStreamName(input.StreamName, input.StreamARN ?? input.ResourceARN)
  const faults = context.faults?.apply(operation.name, stream) ?? []
  if (await applyBeforeAnswer(exchange, faults)) return 'Fault'

  const run = operation.accept(input)
  admit(services, operation.name, stream)
  const result = await run(services, exchange.call)
  if (!isMediaAnswer(result) && !faults.some(spoilsBody)) {
    sendJson(exchange, result)
    return 'ok'
  }
  const media = isMediaAnswer(result) ? result : toMediaAnswer('application/json', Buffer.from(encodeWireJson(result)))
  const sent = spoilAnswer(media, faults, exchange.call.signal)
  await sendMedia(exchange, sent, (bytes) => services.metrics.countOutgoingBytes(operation.name, bytes))
  return 'ok'
}

/** Counts the request against the quotas. @throws AwsException */
export function admit({ streams, quotas }: KvsServices, operation: string, streamName: string | null): void {
  const stream = streamName === null ? undefined : streams.find({ name: streamName, arn: null })
  quotas.admit(operation, stream === undefined ? null : stream.id)
}
