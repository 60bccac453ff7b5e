import type { ClipContent, ClipIdentity } from '../../src/delivery/serve/clip-content.js'

export interface FakeContentOptions {
  readonly bytes: Buffer
  readonly form?: ClipContent['form']
  /** The default is a clip that is not identified yet. */
  readonly etag?: string
  /** Thrown after this many bytes have been read. */
  readonly failsAfter?: number
  /** Awaited before each chunk except the first. */
  readonly beforeNext?: () => Promise<unknown>
  readonly urlExpiresAtMs?: number
  readonly revoked?: AbortSignal
  readonly principal?: string
}

const CHUNK_BYTES = 65_536
const NEVER = new AbortController().signal

/** The content of a clip without a store. */
export function fakeContent(options: FakeContentOptions): ClipContent {
  const { bytes, form = 'REBUILT', etag, urlExpiresAtMs = Date.now() + 60_000, revoked = NEVER, principal = '' } = options
  const identity: ClipIdentity | null = etag === undefined ? null : { sizeBytes: bytes.byteLength, etag }
  return {
    form,
    fileName: 'door.mp4',
    streamArn: 'arn:aws:kinesisvideo:us-east-1:123456789012:stream/door/1',
    requested: { startMs: 1_700_000_000_000, endMs: 1_700_000_060_000 },
    lastModifiedMs: 1_700_000_000_000,
    urlExpiresAtMs,
    revoked,
    principal,
    identity,
    whenIdentified: (signal) =>
      identity ? Promise.resolve(identity) : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    read: (span) => read(span === 'all' ? bytes : bytes.subarray(span.start, span.end), options),
    release: () => undefined,
  }
}

async function* read(bytes: Buffer, { failsAfter, beforeNext }: FakeContentOptions): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) {
    if (at > 0) await beforeNext?.()
    if (failsAfter !== undefined && at >= failsAfter) throw new Error('the source broke off')
    yield bytes.subarray(at, at + CHUNK_BYTES)
  }
}
