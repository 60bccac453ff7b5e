import type { EpochMs } from '../../lib/clock.js'
import type { ByteSpan } from './byte-range.js'

/** The bytes of one clip as the HTTP route sees them. They may still be arriving. */
export interface ClipContent {
  readonly form: 'REBUILT' | 'PASSTHROUGH'
  readonly fileName: string
  readonly contentType: string
  /** The end of the footage: Last-Modified. */
  readonly lastModifiedMs: EpochMs
  readonly urlExpiresAtMs: EpochMs
  /** Size and strong entity tag, once they are known: for REBUILT when the heads of all parts are, for PASSTHROUGH when every byte is. */
  readonly identity: ClipIdentity | null
  /** Resolves when `identity` is known; rejects when the clip cannot be made (ClipUnavailable) or the signal aborts. */
  whenIdentified(signal: AbortSignal): Promise<ClipIdentity>
  /** The bytes of the span, or all of them while the size is not known. Waits for bytes that have not arrived; rejects if they never will. */
  read(span: ByteSpan | 'all', signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Releases what the content holds. */
  release(): void
}

export interface ClipIdentity {
  readonly sizeBytes: number
  /** With its quotes. */
  readonly etag: string
}
