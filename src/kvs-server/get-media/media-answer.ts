import type { Quotas } from '../quotas/quotas.js'
import type { PacedMediaOptions } from '../quotas/transfer-pace.js'
import type { MediaAnswer } from '../wire/operation.js'

export interface MediaAnswerOptions {
  readonly operation: 'GetMedia' | 'GetMediaForFragmentList'
  readonly streamId: number
  readonly quotas: Quotas
  /** Quota points of the request. */
  readonly points: number
  /** Aborted when the client has disconnected. */
  readonly signal: AbortSignal
}

/** An answer of Matroska documents. It holds one of the stream's connections until it ends, even if its body is never read. */
export function answerMedia(
  { operation, streamId, quotas, points, signal }: MediaAnswerOptions,
  read: (pacing: PacedMediaOptions) => AsyncIterable<Uint8Array>,
): MediaAnswer {
  const disconnect = quotas.connect(operation, streamId)
  signal.addEventListener('abort', disconnect, { once: true })
  try {
    if (points > 0) quotas.charge(streamId, { media: points })
  } catch (error) {
    // A refused request costs nothing.
    disconnect()
    throw error
  }
  const body = endingWith(disconnect, read({ pace: quotas.pace(operation, streamId), signal }))
  // The service was observed to send `video/webm` for Matroska with any codec.
  return { contentType: 'video/webm', sizeBytes: null, body }
}

async function* endingWith(end: () => void, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } finally {
    end()
  }
}
