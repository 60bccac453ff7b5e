import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { SignatureV4 } from '@smithy/signature-v4'
import { GatewayError } from '../domain/errors.js'
import { nameOf } from '../lib/thrown.js'
import { type Acknowledgement, AcknowledgementParser } from './acknowledgement.js'
import { AwsCalls } from './aws-calls.js'
import { AwsClients } from './aws-clients.js'
import { AwsUploadControl, type NewStream } from './aws-upload-control.js'
import { createDataEndpointCheck } from './data-endpoint-check.js'
import type { KvsTarget } from './kvs-target.js'
import { parsePutMediaRefusal, toMediaRefusal } from './put-media-refusal.js'

export interface Upload {
  readonly streamName: string
  /** A Matroska stream, read with backpressure. */
  readonly media: Readable
  /** Whether Cluster timecodes are relative to 1970 or to `producerStartMs`. */
  readonly timecodeType: 'ABSOLUTE' | 'RELATIVE'
  readonly producerStartMs: number
  /** Creates the stream if it does not exist. */
  readonly createStream?: NewStream
  readonly onAcknowledgement?: (acknowledgement: Acknowledgement) => void
  readonly onBytes?: (bytes: number) => void
}

export interface UploadSummary {
  readonly sentBytes: number
  readonly persistedFragments: number
}

const MAX_REFUSAL_BYTES = 65_536

/**
 * PutMedia, which the SDK for JavaScript does not model: the client sends media and receives acknowledgements on the same connection.
 * https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_dataplane_PutMedia.html
 */
export class PutMediaClient {
  readonly #clients: AwsClients
  readonly #control: AwsUploadControl

  constructor(target: KvsTarget) {
    this.#clients = new AwsClients(target)
    this.#control = new AwsUploadControl(new AwsCalls(this.#clients), createDataEndpointCheck(target))
  }

  /** Resolves when all media is sent and acknowledged. @throws GatewayError, also for an ERROR acknowledgement */
  async upload(upload: Upload, signal: AbortSignal): Promise<UploadSummary> {
    const { streamName, createStream } = upload
    if (createStream !== undefined) await this.#control.ensureStream(streamName, createStream, signal)
    const endpoint = await this.#control.getEndpoint(streamName, signal)
    const headers = await this.#sign(endpoint, upload)
    return send({ endpoint, headers, upload }, signal)
  }

  close(): void {
    this.#clients.close()
  }

  /** Signs an empty payload, as AWS's own producers do, because the payload is not known yet. */
  async #sign(endpoint: string, { streamName, timecodeType, producerStartMs }: Upload): Promise<Record<string, string>> {
    const signer = await this.#control.signer()
    const { hostname, host, protocol } = new URL(endpoint)
    const signature = new SignatureV4({ ...signer, service: 'kinesisvideo', applyChecksum: false })
    const signed = await signature.sign({
      method: 'POST',
      protocol,
      hostname,
      path: '/putMedia',
      query: {},
      headers: {
        host,
        'x-amzn-stream-name': streamName,
        'x-amzn-fragment-timecode-type': timecodeType,
        'x-amzn-producer-start-timestamp': (producerStartMs / 1000).toFixed(3),
        'x-amzn-fragment-acknowledgment-required': '1',
      },
    })
    return { ...signed.headers, connection: 'keep-alive', 'transfer-encoding': 'chunked' }
  }
}

interface Sending {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly upload: Upload
}

async function send({ endpoint, headers, upload }: Sending, signal: AbortSignal): Promise<UploadSummary> {
  const answerEnded = new AbortController()
  const request = open(new URL('/putMedia', endpoint), headers)
  const answered = readAnswer(request, upload)
  let sentBytes = 0
  const counted = async function* (source: AsyncIterable<Uint8Array>) {
    for await (const chunk of source) {
      yield chunk
      sentBytes += chunk.length
      upload.onBytes?.(sentBytes)
    }
  }
  const sent = pipeline(upload.media, counted, request, { signal: AbortSignal.any([signal, answerEnded.signal]) })
  // After its response has ended, the service reads no more media.
  answered.then(
    () => answerEnded.abort(),
    () => answerEnded.abort(),
  )
  const [answer, sending] = await Promise.allSettled([answered, sent])
  signal.throwIfAborted()
  if (answer.status === 'fulfilled') {
    if (sending.status === 'fulfilled' || request.writableEnded) return { sentBytes, persistedFragments: answer.value }
    throw new GatewayError('KVS_UNAVAILABLE', 'Kinesis Video ended PutMedia before all media was sent.', {}, { cause: sending.reason })
  }
  throw toUploadError(answer.reason, sending)
}

/** The error of the service comes first, then an error of the media source, then one of the connection. */
function toUploadError(reason: unknown, sending: PromiseSettledResult<void>): unknown {
  if (reason instanceof GatewayError) return reason
  const isAborted = sending.status === 'fulfilled' || nameOf(sending.reason) === 'AbortError'
  const cause: unknown = isAborted ? reason : sending.reason
  return new GatewayError('KVS_UNAVAILABLE', 'The connection of PutMedia was lost.', { retryAfterMs: 1_000 }, { cause })
}

function open(url: URL, headers: Readonly<Record<string, string>>): ClientRequest {
  const options = { method: 'POST', headers }
  return url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options)
}

/** Returns the number of persisted fragments. Rejects at the first ERROR acknowledgement. */
async function readAnswer(request: ClientRequest, { onAcknowledgement }: Upload): Promise<number> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', reject)
    request.once('close', () => reject(new Error('the connection was closed before an answer came')))
  })
  if (response.statusCode !== 200) throw await readRefusal(response)
  const parser = new AcknowledgementParser()
  let persistedFragments = 0
  for await (const chunk of response) {
    for (const acknowledgement of parser.push(chunk)) {
      onAcknowledgement?.(acknowledgement)
      if (acknowledgement.eventType === 'PERSISTED') persistedFragments += 1
      if (acknowledgement.eventType === 'ERROR') throw toMediaRefusal(acknowledgement)
    }
  }
  return persistedFragments
}

async function readRefusal(response: IncomingMessage): Promise<GatewayError> {
  const chunks: Uint8Array[] = []
  let received = 0
  for await (const chunk of response) {
    received += chunk.length
    if (received > MAX_REFUSAL_BYTES) break
    chunks.push(chunk)
  }
  return parsePutMediaRefusal({ statusCode: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') })
}
