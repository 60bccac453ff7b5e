import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'

/** The JSON body of a request, before an operation has parsed it. */
export type WireInput = Readonly<Record<string, unknown>>

/** A body that is not JSON: media, sent as it is made. */
export interface MediaAnswer {
  readonly contentType: string
  /** Sent as Content-Length when it is known, so that a broken transfer is noticed. */
  readonly sizeBytes: number | null
  /** The bytes. A buffer stays valid until the next one is requested, then it may be reused. */
  readonly body: AsyncIterable<Uint8Array>
}

export function isMediaAnswer(answer: object): answer is MediaAnswer {
  return 'contentType' in answer && 'body' in answer
}

/** What every call brings beside its input. */
export interface Call {
  readonly requestId: string
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
  /** Where this server is reached, as the client spelt it: what GetDataEndpoint answers. */
  readonly baseUrl: string
}

/**
 * One operation of the wire, whole: what it accepts (`parse`, which refuses with an AwsException) and what it does (`run`).
 * `Services` is what it needs, and no more.
 */
export interface Operation<Input, Services> {
  /** As AWS names it; `/` and the name in lower camel case is its path (but TagResource and its two siblings keep their capital). */
  readonly name: string
  readonly parse: (input: WireInput) => Input
  readonly run: (input: Input, services: Services, call: Call) => Promise<object | MediaAnswer> | object | MediaAnswer
}

/** PutMedia is the only operation without a JSON body: it takes headers and a long body, and sends acknowledgements meanwhile. */
export interface UploadCall extends Call {
  readonly headers: IncomingHttpHeaders
  readonly body: Readable
}

/** What an upload is answered on. Until `accept` a thrown AwsException is the answer; after it, only acknowledgements are. */
export interface UploadAnswer {
  /** Sends status 200 and the headers; the body follows line by line. */
  accept(): void
  /**
   * Sends one acknowledgement as a line of JSON. A producer that does not read them is cut off once too many wait
   * (its upload must not be held up by them, nor memory grow with them).
   */
  acknowledge(acknowledgement: object): void
  /** Logs, with its cause, what ended an upload; the producer is told a number only. */
  report(error: Error): void
}

/** Takes a whole upload; the answer ends when this resolves. */
export type UploadOperation<Services> = (call: UploadCall, services: Services, answer: UploadAnswer) => Promise<void>
