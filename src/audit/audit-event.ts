/** What a gateway records about one clip: who asked for it, and what they got. */
export interface AuditEvent {
  readonly event: 'clip.requested' | 'url.renewed' | 'urls.revoked' | 'clip.downloaded'
  /** The ID of an API key, or `ISSUER#SUBJECT`. Null if no one has to sign in. */
  readonly principal: string | null
  /** The address of the client of a download, as TRUST_PROXY resolves it. Null for other events. */
  readonly address: string | null
  readonly requestId: string | null
  /** The ARN, or what the client gave instead. */
  readonly stream: string | null
  /** RFC 3339. */
  readonly range: { readonly start: string; readonly end: string } | null
  /** For example `READY`, `complete`, `aborted`, or an error code. */
  readonly outcome: string
  /** Bytes of the body that were written to the socket. Null if the event is not a download. */
  readonly bytesSent: number | null
  /** The ETag and the length of the clip. Null until they are known. */
  readonly etag: string | null
  readonly sizeBytes: number | null
}
