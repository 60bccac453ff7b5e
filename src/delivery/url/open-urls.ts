import type { UrlRevocations } from '../../auth/url-revocations.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import type { OpenedUrl } from './clip-sealer.js'
import { toIssuedUrl } from './clip-spec.js'

/** The URLs of running downloads, which a revocation cuts. */
export class OpenUrls {
  readonly #held = new Set<{ readonly url: OpenedUrl; readonly end: AbortController }>()

  constructor(private readonly revocations: UrlRevocations) {
    revocations.onChange(() => this.#cutRevoked())
  }

  /** `revoked` aborts when the URL is revoked. Its reason is ClipUnavailable. The URL is held until the hold is released. */
  hold<Hold extends { release(): void }>(url: OpenedUrl, inner: Hold): { readonly hold: Hold; readonly revoked: AbortSignal } {
    const held = { url, end: new AbortController() }
    this.#held.add(held)
    const release = () => {
      this.#held.delete(held)
      inner.release()
    }
    return { hold: { ...inner, release }, revoked: held.end.signal }
  }

  #cutRevoked(): void {
    for (const { url, end } of this.#held) {
      if (this.revocations.isRevoked(toIssuedUrl(url), url.issuedAtMs)) end.abort(revokedUrl())
    }
  }
}

export function revokedUrl(): ClipUnavailable {
  return new ClipUnavailable('REVOKED', 'This URL was revoked. Request a new one with requestClip.')
}
