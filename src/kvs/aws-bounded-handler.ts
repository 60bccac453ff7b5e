import { Readable } from 'node:stream'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { findRequestId } from '../lib/running-request.js'
import { readBoundedBody } from './bounded-body.js'

const MAX_BYTES = 1_048_576
/** A page of 10,000 streams has about 5 MB. */
const MAX_LISTING_BYTES = 16_777_216
const BODY_TIMEOUT_MS = 30_000
/** Each operation has its own path (kvs facts, 1.1). */
const LISTINGS: ReadonlySet<string> = new Set(['/listStreams', '/listFragments'])
/** Their responses are media, which the caller reads as it arrives. */
const STREAMED: ReadonlySet<string> = new Set(['/getClip', '/getMediaForFragmentList'])

/** Neither header is signed. CloudTrail records the user agent, so that an operator finds the calls of one request. */
function addRequestId(headers: Record<string, string>): void {
  const id = findRequestId()
  if (id === null) return
  headers['x-request-id'] = id
  headers['user-agent'] = `${headers['user-agent'] ?? ''} clipgate-request/${id}`.trimStart()
}

/**
 * The SDK's HTTP handler with a size limit for responses that the SDK reads into memory: descriptions, listings, and errors of all operations.
 * The SDK itself has no limit.
 */
export class AwsBoundedHandler extends NodeHttpHandler {
  override async handle(...[request, options]: Parameters<NodeHttpHandler['handle']>): ReturnType<NodeHttpHandler['handle']> {
    addRequestId(request.headers)
    const answer = await super.handle(request, options)
    const { response } = answer
    const body: unknown = response.body
    const isMedia = response.statusCode === 200 && STREAMED.has(request.path)
    if (isMedia || !(body instanceof Readable)) return answer
    const isListing = response.statusCode === 200 && LISTINGS.has(request.path)
    const bounds = { maxBytes: isListing ? MAX_LISTING_BYTES : MAX_BYTES, timeoutMs: BODY_TIMEOUT_MS }
    response.body = await readBoundedBody(body, response.headers['content-length'], bounds)
    return answer
  }
}
