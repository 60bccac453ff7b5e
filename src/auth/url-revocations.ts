import { createHash } from 'node:crypto'
import { toStreamName } from '../domain/stream-ref.js'
import type { Clock, EpochMs } from '../lib/clock.js'
import { API_KEY_ID } from './api-key.js'
import type { KeyRing } from './key-ring.js'
import type { RevocationStore } from './revocation-store.js'
import { isNamedBy, parseStreamPattern } from './stream-pattern.js'

/** A clip URL that a principal was given. */
export interface IssuedUrl {
  /** Identifies the clip, regardless of the lifetime of its URLs. */
  readonly clip: string
  readonly streamArn: string
  /** See `toUrlPrincipal`. */
  readonly principal: string
}

/** A URL has at most 2,000 characters, so it has the hash of a longer ID. */
const MAX_PRINCIPAL_BYTES = 160

/** The form of a principal's ID in clip URLs. Empty for anonymous. */
export function toUrlPrincipal(id: string): string {
  if (Buffer.byteLength(id) <= MAX_PRINCIPAL_BYTES) return id
  return `sha256:${createHash('sha256').update(id).digest('base64url')}`
}

/** Decides which clip URLs no longer open. */
export class UrlRevocations {
  constructor(
    private readonly store: RevocationStore,
    /** Null without API keys. Then the URLs of all API keys are revoked. */
    private readonly keys: KeyRing | null,
    private readonly clock: Clock,
  ) {}

  isRevoked(url: IssuedUrl, issuedAtMs: EpochMs): boolean {
    const isOfKey = API_KEY_ID.test(url.principal)
    return (isOfKey && this.keys?.isRevoked(url.principal) !== false) || issuedAtMs < this.lastRevocation(url)
  }

  /** URLs that were issued before this time are revoked. 0 if none is. */
  lastRevocation({ clip, streamArn, principal }: IssuedUrl): EpochMs {
    const found = [...this.store.find(`clip:${clip}`), ...this.store.find(`principal:${principal}`)]
    const covering = found.filter(({ streams }) => streams === '' || coversStream(streams, streamArn))
    return Math.max(0, ...covering.map(({ revokedBeforeMs }) => revokedBeforeMs))
  }

  revokeClip(clip: string): EpochMs {
    return this.store.add(`clip:${clip}`, '', this.clock.now())
  }

  /** @param patterns names and ARNs of the streams whose URLs are revoked */
  revokePrincipal(principal: string, patterns: readonly string[]): EpochMs {
    return this.store.add(`principal:${toUrlPrincipal(principal)}`, JSON.stringify(patterns.toSorted()), this.clock.now())
  }

  /** Called when a URL may have been revoked. */
  onChange(listener: () => void): void {
    this.store.onChange(listener)
    this.keys?.onChange(listener)
  }
}

function coversStream(streams: string, arn: string): boolean {
  const patterns: unknown = JSON.parse(streams)
  const stream = { name: toStreamName(arn), arn }
  return Array.isArray(patterns) && patterns.some((text: unknown) => isCoveredBy(String(text), stream))
}

function isCoveredBy(text: string, stream: { readonly name: string; readonly arn: string }): boolean {
  const pattern = parseStreamPattern(text)
  return pattern !== null && isNamedBy(pattern, stream)
}
