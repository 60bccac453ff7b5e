import { createHash } from 'node:crypto'
import { jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { GatewayError } from '../domain/errors.js'
import type { Clock } from '../lib/clock.js'
import type { AccessPolicy } from './claim-policy.js'
import { OidcIssuer } from './oidc-issuer.js'
import type { Principal } from './principal.js'
import { isAccessToken, isForAudience } from './token-claims.js'

/** How far the clocks of the issuer and the gateway may differ. */
const LEEWAY_SECONDS = 60
/** A subject is at most 255 characters long (OpenID Connect Core, 2). */
const MAX_SUBJECT_CHARACTERS = 255
const MAX_VERIFIED = 10_000
/** A key that the issuer withdraws is accepted for this time at most. */
const VERIFIED_MS = 60_000

export interface TokenVerifierOptions {
  readonly issuer: string
  readonly audience: string
  readonly clock: Clock
}

/** Finds the principals of JWT access tokens of one OpenID Connect issuer. */
export class TokenVerifier {
  readonly #issuer: OidcIssuer
  /** By the hash of the token, so that the memory of the gateway does not contain credentials for longer than a request. */
  readonly #verified: LRUCache<string, Principal>
  #policy: AccessPolicy | null = null
  #policyEnd = new AbortController()

  constructor(private readonly options: TokenVerifierOptions) {
    this.#issuer = new OidcIssuer(options.issuer, options.clock)
    this.#verified = new LRUCache({ max: MAX_VERIFIED, ttl: VERIFIED_MS, ttlResolution: 0, perf: options.clock })
  }

  /** Ends the principals of the previous policy, so that their WebSockets connect again. */
  replacePolicy(policy: AccessPolicy): void {
    this.#policy = policy
    this.#verified.clear()
    this.#policyEnd.abort()
    this.#policyEnd = new AbortController()
  }

  /** Null if the token is not a valid access token for this gateway. @throws GatewayError OVERLOADED if the issuer cannot be reached */
  async find(token: string): Promise<Principal | null> {
    const key = createHash('sha256').update(token).digest('base64url')
    const known = this.#verified.get(key)
    if (known !== undefined) return known.endsAtMs !== null && known.endsAtMs <= this.options.clock.now() ? null : known
    const principal = await this.#verify(token)
    if (principal !== null) this.#verified.set(key, principal)
    return principal
  }

  async #verify(token: string): Promise<Principal | null> {
    if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return null
    const { issuer, algorithms, keys } = await this.#issuer.discover()
    const { clock, audience } = this.options
    const ended = this.#policyEnd.signal
    const verified = await jwtVerify(token, keys, {
      issuer,
      algorithms: [...algorithms],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp', 'sub'],
    }).catch(nullIfInvalid)
    if (verified === null) return null
    const { payload, protectedHeader } = verified
    const { sub = '', exp = 0 } = payload
    if (sub === '' || sub.length > MAX_SUBJECT_CHARACTERS) return null
    if (!isForAudience(payload, audience) || !isAccessToken(payload, protectedHeader.typ)) return null
    const expiresAtMs = Math.floor(exp * 1000)
    const grants = this.#policy?.grantsOf(payload) ?? []
    const endsAtMs = expiresAtMs + LEEWAY_SECONDS * 1000
    return { kind: 'OIDC', id: `${issuer}#${sub}`, name: sub, grants, expiresAtMs, endsAtMs, ended }
  }
}

function nullIfInvalid(error: unknown): null {
  if (error instanceof GatewayError) throw error
  return null
}
