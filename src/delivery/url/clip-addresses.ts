import type { Caller } from '../../auth/caller.js'
import { toUrlPrincipal, type UrlRevocations } from '../../auth/url-revocations.js'
import type { UrlLifetime } from '../../domain/clip-request.js'
import type { Clock, EpochMs } from '../../lib/clock.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import { ClipSealer, type OpenedUrl } from './clip-sealer.js'
import { type ClipSpec, toIssuedUrl } from './clip-spec.js'
import { revokedUrl } from './open-urls.js'
import { fileNameOf, toClipUrl, toExpiry, toIssueTime } from './signed-url.js'

/** A clip and its ID. Clips that differ only in the lifetime have different IDs and share everything else. */
export interface NamedClip {
  readonly id: string
  readonly spec: ClipSpec
  readonly lifetimeSeconds: number
}

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
  readonly revocations: UrlRevocations
}

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

  /** @throws ClipUnavailable BAD_TOKEN, EXPIRED, REVOKED */
  openUrl(token: string): OpenedUrl {
    const opened = this.#sealer.openUrl(token)
    if (opened === null)
      throw new ClipUnavailable('BAD_TOKEN', 'This clip URL is invalid or incomplete. Request a new one with requestClip.')
    if (opened.expiresAtMs <= this.#options.clock.now())
      throw new ClipUnavailable('EXPIRED', 'This URL has expired; renewClipUrl gives a fresh one.')
    if (this.#options.revocations.isRevoked(toIssuedUrl(opened), opened.issuedAtMs)) throw revokedUrl()
    return opened
  }

  /**
   * The current URL of the clip for the caller. All calls within a quarter of its lifetime return the same URL, except after a revocation: a URL is
   * never issued before the last revocation that covers it.
   */
  addressOf({ id, spec, lifetimeSeconds }: NamedClip, caller: Caller): ClipAddress {
    const { clock, revocations } = this.#options
    const principal = toUrlPrincipal(caller.principal.id)
    const lastRevocationMs = revocations.lastRevocation(toIssuedUrl({ spec, principal }))
    const issuedAtMs = Math.max(toIssueTime(clock.now(), lifetimeSeconds), lastRevocationMs)
    const token = this.#sealer.sealUrl(spec, { principal, issuedAtMs, lifetimeSeconds })
    const fileName = fileNameOf(spec)
    return {
      id,
      fileName,
      expiresAtMs: toExpiry(issuedAtMs, lifetimeSeconds),
      downloadUrl: toClipUrl(this.#options.publicUrl(), token, fileName),
    }
  }
}
