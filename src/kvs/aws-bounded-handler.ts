import { Readable } from 'node:stream'
import type { NodeHttpHandler } from '@smithy/node-http-handler'
import { readBoundedBody } from './bounded-body.js'

const MEBIBYTE = 1_048_576
const MOST_BYTES = MEBIBYTE
/** A page of 10,000 streams has 5 MB or so. */
const MOST_LISTING_BYTES = 16 * MEBIBYTE
const BODY_TIMEOUT_MS = 30_000
/** The operations have a path each (kvs facts, 1.1). */
const LISTINGS: ReadonlySet<string> = new Set(['/listStreams', '/listFragments'])
/** Their answers are media, which whoever asks reads as it comes. */
const STREAMED: ReadonlySet<string> = new Set(['/getClip', '/getMediaForFragmentList'])

/**
 * The SDK's handler with bounds for what the SDK reads into memory: it reads descriptions, listings and errors, also those of operations
 * that stream, to their end, however far that is.
 */
export class AwsBoundedHandler {
  readonly #inner: NodeHttpHandler

  constructor(inner: NodeHttpHandler) {
    this.#inner = inner
  }

  get metadata() {
    return this.#inner.metadata
  }

  async handle(...[request, options]: Parameters<NodeHttpHandler['handle']>): ReturnType<NodeHttpHandler['handle']> {
    const answer = await this.#inner.handle(request, options)
    const { response } = answer
    const body: unknown = response.body
    const isMedia = response.statusCode === 200 && STREAMED.has(request.path)
    if (isMedia || !(body instanceof Readable)) return answer
    const isListing = response.statusCode === 200 && LISTINGS.has(request.path)
    const bounds = { maxBytes: isListing ? MOST_LISTING_BYTES : MOST_BYTES, timeoutMs: BODY_TIMEOUT_MS }
    response.body = await readBoundedBody(body, response.headers['content-length'], bounds)
    return answer
  }

  destroy(): void {
    this.#inner.destroy()
  }

  updateHttpClientConfig(...change: Parameters<NodeHttpHandler['updateHttpClientConfig']>): void {
    this.#inner.updateHttpClientConfig(...change)
  }

  httpHandlerConfigs(): ReturnType<NodeHttpHandler['httpHandlerConfigs']> {
    return this.#inner.httpHandlerConfigs()
  }
}
