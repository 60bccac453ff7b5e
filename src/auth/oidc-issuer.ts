import type { JWTVerifyGetKey } from 'jose'
import { GatewayError } from '../domain/errors.js'
import type { Clock, EpochMs } from '../lib/clock.js'
import { fetchText, isTrustworthy } from './issuer-fetch.js'
import { createIssuerKeys } from './issuer-keys.js'

/** Issuers change their keys at `jwks_uri`, and rarely anything else. */
const DISCOVERED_MS = 3_600_000
/** Between two discoveries that fail. */
const RETRY_MS = 5_000
/** Only these, so that a public key is never used as the secret of an HMAC. */
const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

export interface DiscoveredIssuer {
  /** As its tokens have it. */
  readonly issuer: string
  readonly algorithms: readonly string[]
  readonly keys: JWTVerifyGetKey
}

/** What an OpenID Connect issuer publishes (OpenID Connect Discovery 1.0). */
export class OidcIssuer {
  #found: { readonly issuer: DiscoveredIssuer; readonly atMs: EpochMs } | null = null
  #failedAtMs = Number.NEGATIVE_INFINITY
  #running: Promise<DiscoveredIssuer> | null = null

  constructor(
    private readonly url: string,
    private readonly clock: Clock,
  ) {}

  /** The last discovery stays in force while the issuer cannot be reached. @throws GatewayError OVERLOADED without one */
  async discover(): Promise<DiscoveredIssuer> {
    const nowMs = this.clock.now()
    const found = this.#found
    if (found !== null && nowMs - found.atMs < DISCOVERED_MS) return found.issuer
    if (this.#running === null && nowMs - this.#failedAtMs < RETRY_MS) return found?.issuer ?? throwUnreachable(this.url)
    this.#running ??= this.#discover(nowMs).finally(() => {
      this.#running = null
    })
    try {
      return await this.#running
    } catch (error) {
      return found?.issuer ?? throwUnreachable(this.url, error)
    }
  }

  async #discover(nowMs: EpochMs): Promise<DiscoveredIssuer> {
    try {
      const issuer = toIssuer(JSON.parse(await fetchText(`${this.url.replace(/\/$/, '')}/.well-known/openid-configuration`)), this.url)
      this.#found = { issuer, atMs: nowMs }
      return issuer
    } catch (error) {
      this.#failedAtMs = nowMs
      throw error
    }
  }
}

function throwUnreachable(url: string, cause?: unknown): never {
  const text = `The gateway cannot verify tokens, because the issuer ${url} does not answer as expected. Retry later.`
  throw new GatewayError('OVERLOADED', text, { retryAfterMs: RETRY_MS }, { cause })
}

function toIssuer(metadata: unknown, url: string): DiscoveredIssuer {
  const issuer = memberOf(metadata, 'issuer')
  // Some issuers end in a slash, and people leave it out.
  if (typeof issuer !== 'string' || issuer.replace(/\/$/, '') !== url.replace(/\/$/, '')) throw new Error('the issuer has another name')
  const announced = memberOf(metadata, 'id_token_signing_alg_values_supported')
  const algorithms = ASYMMETRIC.filter((algorithm) => Array.isArray(announced) && announced.includes(algorithm))
  if (algorithms.length === 0) throw new Error('the issuer announces no asymmetric algorithm')
  const jwksUri = URL.parse(String(memberOf(metadata, 'jwks_uri')))
  if (jwksUri === null || !isTrustworthy(jwksUri)) throw new Error('jwks_uri is not an https URL')
  return { issuer, algorithms, keys: createIssuerKeys(jwksUri) }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
}
