import { sleep } from '../../lib/clock.js'
import { freeBytes } from '../../media/free-bytes.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { IDLE } from '../upload/acknowledgement.js'
import { parseUploadHeaders, type UploadHeaders } from '../upload/upload-headers.js'
import { type UploadRead, UploadReader } from '../upload/upload-reader.js'
import { UploadSession } from '../upload/upload-session.js'
import { AwsException } from '../wire/aws-exception.js'
import type { UploadAnswer, UploadCall, UploadOperation } from '../wire/operation.js'
import type { KvsServices } from './kvs-services.js'
import { getStream } from './stream-checks.js'

type PutMediaServices = Pick<KvsServices, 'archive' | 'streams' | 'clock' | 'quotas' | 'metrics' | 'closing'>

export interface PutMediaTimings {
  /** Idle time after which an ended fragment stops waiting for tags. */
  readonly pauseMs: number
  /** Idle time between two IDLE acknowledgements. */
  readonly idleMs: number
  /** Idle time after which the connection is closed. */
  readonly closeMs: number
}

/** The service closes after 30 s. How often it sends IDLE is not known. */
export const putMedia = createPutMedia({ pauseMs: 100, idleMs: 10_000, closeMs: 30_000 })

/** PutMedia: one upload with one fragment for each Cluster, and acknowledgements during the upload. */
export function createPutMedia(timings: PutMediaTimings): UploadOperation<PutMediaServices> {
  return async (call, services, answer) => {
    const headers = parseUploadHeaders(call.headers)
    const stream = getStream(services.streams, headers.stream)
    const leave = services.archive.writer.claimProducer(stream.id)
    if (leave === null) {
      throw new AwsException(
        'ConnectionLimitExceededException',
        `The stream ${stream.name} already has a producer. A stream accepts one PutMedia connection at a time.`,
      )
    }
    try {
      answer.accept()
      await receiveUpload({ headers, stream, call, services, answer, timings })
    } finally {
      leave()
    }
  }
}

interface Upload {
  readonly headers: UploadHeaders
  readonly stream: StreamRecord
  readonly call: UploadCall
  readonly services: PutMediaServices
  readonly answer: UploadAnswer
  readonly timings: PutMediaTimings
}

async function receiveUpload({ headers, stream, call, services, answer, timings }: Upload): Promise<void> {
  const { archive, clock, streams, metrics, closing } = services
  const received = { fragments: 0 }
  const session = new UploadSession({
    archive: archive.writer,
    clock,
    streamId: stream.id,
    producerStartMs: headers.producerStartMs,
    findStream: () => streams.findById(stream.id),
    acknowledge: (acknowledgement) => answer.acknowledge(acknowledgement),
    onFailed: (error) => answer.report(error),
    // Without it, received chunks stay in memory until the next garbage collection.
    onChunkDone: freeBytes,
    onFragmentReceived: () => {
      received.fragments += 1
      metrics.countIncomingFragment()
    },
  })
  const signal = AbortSignal.any([call.signal, closing])
  using reader = new UploadReader(call.body, signal)
  const pace = services.quotas.pace('PutMedia', stream.id)
  while (!session.isOver) {
    let read = await reader.next(timings.pauseMs)
    if (read.kind === 'quiet') {
      await session.pause()
      read = await waitIdly(reader, answer, timings)
    }
    if (read.kind !== 'chunk') return await (read.kind === 'end' ? session.finish() : session.abort())
    const { byteLength: bytes } = read.chunk
    await session.receive(read.chunk)
    metrics.countIncomingBytes(bytes)
    const waitMs = pace?.count({ bytes, fragments: received.fragments }) ?? 0
    received.fragments = 0
    // If the signal aborts during the wait, the next read reports it.
    if (waitMs > 0) await sleep(waitMs, signal).catch(() => {})
  }
}

async function waitIdly(reader: UploadReader, answer: UploadAnswer, { pauseMs, idleMs, closeMs }: PutMediaTimings): Promise<UploadRead> {
  for (let quietMs = pauseMs; quietMs < closeMs; ) {
    const waitMs = Math.min(idleMs - (quietMs % idleMs), closeMs - quietMs)
    const read = await reader.next(waitMs)
    if (read.kind !== 'quiet') return read
    quietMs += waitMs
    if (quietMs < closeMs) answer.acknowledge(IDLE)
  }
  return { kind: 'quiet' }
}
