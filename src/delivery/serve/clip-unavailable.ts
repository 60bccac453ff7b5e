/** Why a clip cannot be read. clip-response.ts maps each reason to a status. */
export const CLIP_UNAVAILABLE_REASONS = [
  /** Not a token of ours: forged, damaged, or sealed by other secrets. */
  'BAD_TOKEN',
  /** A token of ours whose URL may no longer be opened. */
  'EXPIRED',
  /** The footage left retention before it was fetched. */
  'FOOTAGE_EXPIRED',
  /** What is listed now is not what the token was sealed for. */
  'FOOTAGE_CHANGED',
  /** The codec configuration changes inside the clip, or the parts do not fit together. */
  'CODEC_CHANGES',
  'KVS_THROTTLED',
  'KVS_FAILED',
  'KVS_ACCESS_DENIED',
  /** No room for the clip's bytes. */
  'STORE_FULL',
  /** The gateway has too many files and connections open. */
  'OVERLOADED',
  /** A fault of the gateway. `cause` says what happened. */
  'INTERNAL',
] as const
export type ClipUnavailableReason = (typeof CLIP_UNAVAILABLE_REASONS)[number]

/** Thrown if a clip cannot be read. The message is for the caller, `cause` for the log. */
export class ClipUnavailable extends Error {
  override readonly name = 'ClipUnavailable'
  /** When to retry. Null if a retry would fail too. */
  readonly retryAfterMs: number | null

  constructor(
    readonly reason: ClipUnavailableReason,
    message: string,
    { retryAfterMs = null, cause }: { readonly retryAfterMs?: number | null; readonly cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.retryAfterMs = retryAfterMs
  }
}
