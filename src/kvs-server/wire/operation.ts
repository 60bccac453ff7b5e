import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { WireInput } from './wire-input.js'

/** A body that is not JSON: media, sent while it is produced. */
export interface MediaAnswer {
  readonly contentType: string
  /** Sent as Content-Length if known, so that clients detect a broken transfer. */
  readonly sizeBytes: number | null
  /** The bytes. A buffer stays valid until the next one is requested, then it may be reused. */
  readonly body: AsyncIterable<Uint8Array>
}

export function toMediaAnswer(contentType: string, bytes: Uint8Array): MediaAnswer {
  const body = (async function* () {
    yield bytes
  })()
  return { contentType, sizeBytes: bytes.byteLength, body }
}

export function isMediaAnswer(answer: object): answer is MediaAnswer {
  return 'contentType' in answer && 'body' in answer
}

export interface Call {
  readonly requestId: string
  /** Aborted when the client has disconnected. */
  readonly signal: AbortSignal
  /** The address of this server as the client used it. GetDataEndpoint returns it. */
  readonly baseUrl: string
}

/** An operation: its input (`parse` throws an AwsException for invalid input) and its effect (`run`). `Services` lists its dependencies. */
export interface Operation<Input, Services> {
  /** The AWS name. Its path is `/` and the name in lower camel case, except for TagResource, UntagResource and ListTagsForResource. */
  readonly name: string
  readonly parse: (input: WireInput) => Input
  readonly run: (input: Input, services: Services, call: Call) => Promise<object | MediaAnswer> | object | MediaAnswer
}

/** PutMedia has no JSON body. Its input is headers and a long body, and it sends acknowledgements during the upload. */
export interface UploadCall extends Call {
  readonly headers: IncomingHttpHeaders
  readonly body: Readable
}

/** The response to an upload. Before `accept`, a thrown AwsException is the response. After it, only acknowledgements can be sent. */
export interface UploadAnswer {
  /** Sends status 200 and the headers; the body follows line by line. */
  accept(): void
  /**
   * Sends one acknowledgement as a line of JSON. Cuts the connection of a producer that does not read them, because they must neither
   * block the upload nor fill the memory.
   */
  acknowledge(acknowledgement: object): void
  /** Logs the error that ended an upload. The producer gets only a number. */
  report(error: Error): void
}

/** Receives an upload. The response ends when this resolves. */
export type UploadOperation<Services> = (call: UploadCall, services: Services, answer: UploadAnswer) => Promise<void>
