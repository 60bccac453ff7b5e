import { cutAnswer } from '../../lib/http-server.js'
import type { UploadAnswer } from '../operation.js'
import type { Exchange } from './exchange.js'

/** Acknowledgements that wait unread, at most; some five thousand of them. */
const UNREAD_BYTES = 512 * 1024

/** The answer to PutMedia: status 200 early, then a line of JSON for each acknowledgement. */
export function createUploadAnswer({ response, call, log }: Exchange): UploadAnswer {
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
      log.warn({ requestId: call.requestId }, 'a producer does not read its acknowledgements; its connection is closed')
      cutAnswer(response)
    },
    report(error) {
      log.warn({ requestId: call.requestId, err: error }, 'an upload was ended')
    },
  }
}
