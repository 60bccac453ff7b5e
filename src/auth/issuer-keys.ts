import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose'
import { GatewayError } from '../domain/errors.js'
import { fetchText, ISSUER_TIMEOUT_MS } from './issuer-fetch.js'

/** Between two reads for unknown key IDs. */
const COOLDOWN_MS = 30_000
const FRESH_MS = 600_000
/** Between two reads that fail. */
const RETRY_MS = 5_000

/**
 * The keys of an issuer (RFC 7517). They are read again every ten minutes, and for an unknown key ID at most every 30 s.
 * @throws GatewayError OVERLOADED while they cannot be read
 */
export function createIssuerKeys(jwksUri: URL): JWTVerifyGetKey {
  let failedAtMs = Number.NEGATIVE_INFINITY
  const keys = createRemoteJWKSet(jwksUri, {
    timeoutDuration: ISSUER_TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: FRESH_MS,
    async [customFetch](address, { signal }) {
      if (performance.now() - failedAtMs < RETRY_MS) throw new Error('the last read of the keys failed')
      try {
        return new Response(await fetchText(address, signal))
      } catch (error) {
        failedAtMs = performance.now()
        throw error
      }
    },
  })
  return async (header, token) => {
    try {
      return await keys(header, token)
    } catch (cause) {
      if (isTokenAtFault(cause)) throw cause
      const text = 'The gateway cannot verify tokens, because the keys of the issuer are not available. Retry later.'
      throw new GatewayError('OVERLOADED', text, { retryAfterMs: RETRY_MS }, { cause })
    }
  }
}

function isTokenAtFault(error: unknown): boolean {
  return [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported].some((kind) => error instanceof kind)
}
