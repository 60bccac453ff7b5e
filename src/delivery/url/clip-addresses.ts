import type { UrlLifetime } from '../../domain/clip-request.js'
import type { Clock, EpochMs } from '../../lib/clock.js'
import { ClipSealer, type OpenedUrl } from './clip-sealer.js'
import type { ClipSpec } from './clip-spec.js'
import { fileNameOf, toClipUrl, toExpiry, toIssueTime } from './signed-url.js'

/** A clip and its ID. Clips that differ only in the lifetime have different IDs and share everything else. */
export interface NamedClip {
  readonly id: string
  readonly spec: ClipSpec
  readonly lifetimeSeconds: number
}

/** The ID, the file name and the current URL of a clip. */
export interface ClipAddress {
  readonly id: string
  readonly downloadUrl: string
  readonly expiresAtMs: EpochMs
  readonly fileName: string
}

export interface ClipAddressesOptions {
  readonly clock: Clock
  /** Newest first. The first one seals, and all of them open. */
  readonly secrets: readonly string[]
  /** Returns the base URL without a slash at the end. Called each time, because the port may not be known before the gateway listens. */
  readonly publicUrl: () => string
  readonly urlLifetime: UrlLifetime
}

/** Seals and opens the IDs and URLs of clips. */
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

  /** Null if the ID is invalid. A lifetime above the maximum is reduced to the maximum. */
  find(id: string): NamedClip | null {
    const opened = this.#sealer.openId(id)
    if (opened === null) return null
    const { defaultSeconds, maxSeconds } = this.#options.urlLifetime
    return { id, spec: opened.spec, lifetimeSeconds: Math.min(opened.lifetimeSeconds ?? defaultSeconds, maxSeconds) }
  }

  /** Null if the token is invalid. The caller checks whether it has expired. */
  openUrl(token: string): OpenedUrl | null {
    return this.#sealer.openUrl(token)
  }

  /** The current URL of the clip. All calls within a quarter of its lifetime return the same URL. */
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
