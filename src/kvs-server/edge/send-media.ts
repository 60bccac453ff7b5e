import type { ServerResponse } from 'node:http'
import { cutAnswer } from '../../lib/http-server.js'
import type { MediaAnswer } from '../wire/operation.js'
import type { Exchange } from './exchange.js'

/** A reader that takes no data for this long is treated as disconnected. Time without data to send, as in a live response, does not count. */
const STALLED_READER_MS = 10 * 60 * 1000

/**
 * Streams media, one buffer at a time, and counts the bytes sent. It can end early in three ways: the client left (stops and closes the
 * source), nothing was sent yet (throws, for an error response), bytes were sent (cuts the connection, so that the client sees an
 * incomplete body).
 */
export async function sendMedia(exchange: Exchange, answer: MediaAnswer, countBytes: (bytes: number) => void): Promise<void> {
  const { response, call } = exchange
  const chunks = answer.body[Symbol.asyncIterator]()
  let sent = 0
  try {
    // A failure before the first byte becomes an error response. A response without a length may be live: its headers do not wait.
    const first = answer.sizeBytes === null ? null : await chunks.next()
    sendHead(exchange, answer)
    for (let next = first ?? (await chunks.next()); next.done !== true; next = await chunks.next()) {
      if (!(await write(response, next.value, call.signal))) return
      sent += next.value.byteLength
      countBytes(next.value.byteLength)
    }
    if (answer.sizeBytes !== null && sent !== answer.sizeBytes) {
      throw new Error(`the response announced ${answer.sizeBytes} bytes and had ${sent}`)
    }
    response.end()
  } catch (error) {
    if (call.signal.aborted) return
    if (!response.headersSent) throw error
    exchange.log.error({ err: error, requestId: call.requestId }, 'a response was cut off')
    cutAnswer(response)
  } finally {
    await chunks.return?.()
  }
}

function sendHead({ response, call }: Exchange, { contentType, sizeBytes }: MediaAnswer): void {
  response.setHeader('x-amzn-RequestId', call.requestId)
  response.setHeader('content-type', contentType)
  if (sizeBytes !== null) response.setHeader('content-length', sizeBytes)
  response.writeHead(200)
  if (sizeBytes === null) response.flushHeaders()
}

/**
 * False when the client left. Waits for the callback of the write: only then may the buffer be filled again ('drain' does not promise that).
 * A response that waits behind another on its connection gets no callback when the client leaves, hence the signal.
 */
function write(response: ServerResponse, chunk: Uint8Array, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const leave = () => resolve(false)
    if (signal.aborted) return leave()
    signal.addEventListener('abort', leave, { once: true })
    const stalled = setTimeout(() => cutAnswer(response), STALLED_READER_MS).unref()
    response.write(chunk, (error) => {
      clearTimeout(stalled)
      signal.removeEventListener('abort', leave)
      if (error) leave()
      else resolve(true)
    })
  })
}
