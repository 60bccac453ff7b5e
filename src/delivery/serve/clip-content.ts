import type { TimeRange } from '../../domain/time-range.js'
import type { EpochMs } from '../../lib/clock.js'
import type { ByteSpan } from './byte-range.js'

/** The bytes of one clip as the HTTP route sees them. They may still be arriving. */
export interface ClipContent {
  readonly form: 'REBUILT' | 'PASSTHROUGH'
  readonly fileName: string
  readonly streamArn: string
  readonly requested: TimeRange
  /** The end of the footage. Sent as Last-Modified. */
  readonly lastModifiedMs: EpochMs
  readonly urlExpiresAtMs: EpochMs
  /** Whom the URL was given to. Empty for anonymous. */
  readonly principal: string
  /** Aborts when the URL is revoked. Reads then reject with its reason, ClipUnavailable. */
  readonly revoked: AbortSignal
  /**
   * Size and strong ETag. Null until they are known: for REBUILT when the heads of all parts have arrived, for PASSTHROUGH when every byte
   * has.
   */
  readonly identity: ClipIdentity | null
  /** Resolves when `identity` is known. Rejects if the clip cannot be made (ClipUnavailable) or the signal aborts. */
  whenIdentified(signal: AbortSignal): Promise<ClipIdentity>
  /**
   * Reads the bytes of the span, or all bytes while the size is not known. Waits for bytes that have not arrived. Rejects if they never
   * will.
   */
  read(span: ByteSpan | 'all', signal: AbortSignal): AsyncIterable<Uint8Array>
  release(): void
}

export interface ClipIdentity {
  readonly sizeBytes: number
  /** Includes the quotes. */
  readonly etag: string
}
