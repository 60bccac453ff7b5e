import type { ServerResponse } from 'node:http'
import { encodeWireJson } from '../wire/wire-json.js'

export interface JsonAnswer {
  readonly status?: number
  readonly requestId: string
  readonly headers?: Readonly<Record<string, string>>
}

export function sendJson(response: ServerResponse, body: object, { status = 200, requestId, headers = {} }: JsonAnswer): void {
  const bytes = Buffer.from(encodeWireJson(body))
  response.writeHead(status, {
    'x-amzn-RequestId': requestId,
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...headers,
  })
  response.end(bytes)
}
