import type { UrlLifetime } from '../../domain/clip-request.js'
import type { Clock, EpochMs } from '../../lib/clock.js'
import { ClipSealer, type OpenedUrl } from './clip-sealer.js'
import type { ClipSpec } from './clip-spec.js'
import { fileNameOf, toClipUrl, toExpiry, toIssueTime } from './signed-url.js'

/** A clip as a client names it. Clips that differ only in the lifetime have different IDs, and share everything else. */
export interface NamedClip {
  readonly id: string
  readonly spec: ClipSpec
  /** How long each of its URLs is to open. */
  readonly lifetimeSeconds: number
}

/** The names of a clip and its current URL. */
export interface ClipAddress {
  readonly id: string
  readonly downloadUrl: string
  readonly expiresAtMs: EpochMs
  readonly fileName: string
}

export interface ClipAddressesOptions {
  readonly clock: Clock
  /** Newest first: the first seals, all open. */
  readonly secrets: readonly string[]
  /** Base of the URLs, without a slash at its end; asked each time, because a port may not be known before the gateway listens. */
  readonly publicUrl: () => string
  readonly urlLifetime: UrlLifetime
}

/** The ids and URLs of clips. */
export class ClipAddresses {
  readonly #options: ClipAddressesOptions
  readonly #sealer: ClipSealer

  constructor(options: ClipAddressesOptions) {
    this.#options = options
    this.#sealer = new ClipSealer(options.secrets)
  }

  name(spec: ClipSpec, lifetimeSeconds: number): NamedClip {
    return { id: this.#sealer.sealId(spec, lifetimeSeconds), spec, lifetimeSeconds }
  }

  /** Null when the id is not ours. A lifetime that this gateway no longer allows becomes the longest that it does. */
  find(id: string): NamedClip | null {
    const opened = this.#sealer.openId(id)
    if (opened === null) return null
    const { defaultSeconds, maxSeconds } = this.#options.urlLifetime
    return { id, spec: opened.spec, lifetimeSeconds: Math.min(opened.lifetimeSeconds ?? defaultSeconds, maxSeconds) }
  }

  /** Null when the token is not ours. Whether it has expired is for the caller to say. */
  openUrl(token: string): OpenedUrl | null {
    return this.#sealer.openUrl(token)
  }

  /** The clip's URL as of now: equal for all reads within a quarter of its lifetime. */
  addressOf({ id, spec, lifetimeSeconds }: NamedClip): ClipAddress {
    const issuedAtMs = toIssueTime(this.#options.clock.now(), lifetimeSeconds)
    const token = this.#sealer.sealUrl(spec, { issuedAtMs, lifetimeSeconds })
    const fileName = fileNameOf(spec)
    return {
      id,
      fileName,
      expiresAtMs: toExpiry(issuedAtMs, lifetimeSeconds),
      downloadUrl: toClipUrl(this.#options.publicUrl(), token, fileName),
    }
  }
}
