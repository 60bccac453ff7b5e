/** Why the bytes of a clip cannot be had. What an HTTP client is told about each is decided where the answer is made. */
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
  /** The fault is ours; `cause` says what happened. */
  'INTERNAL',
] as const
export type ClipUnavailableReason = (typeof CLIP_UNAVAILABLE_REASONS)[number]

/** Thrown instead of a clip's content. Its message is for the caller; `cause` is for the log. */
export class ClipUnavailable extends Error {
  override readonly name = 'ClipUnavailable'
  /** When to ask again; null when asking again changes nothing. */
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
