import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Call } from '../operation.js'
import type { EdgeLog } from './edge-log.js'

/** One request and its answer, as the edge handles them. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly call: Call
  readonly log: EdgeLog
}

const HOST = /^[a-zA-Z0-9.-]+(:\d+)?$|^\[[0-9a-fA-F:.]+\](:\d+)?$/

export interface ExchangeOptions {
  readonly requestId: string
  /** Where the server is reached when the client does not say. */
  readonly ownUrl: string
  readonly log: EdgeLog
}

export function openExchange(request: IncomingMessage, response: ServerResponse, { requestId, ownUrl, log }: ExchangeOptions): Exchange {
  const left = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) left.abort()
  })
  const host = request.headers.host ?? ''
  const baseUrl = HOST.test(host) ? `http://${host}` : ownUrl
  return { request, response, call: { requestId, signal: left.signal, baseUrl }, log }
}
