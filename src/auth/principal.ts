import type { EpochMs } from '../lib/clock.js'
import { ALL_GRANTS, type Grant } from './grant.js'

/** Who asks. */
export interface Principal {
  readonly kind: 'ANONYMOUS' | 'API_KEY' | 'OIDC'
  /** The ID of the API key, or ISSUER#SUBJECT. Empty for ANONYMOUS. */
  readonly id: string
  /** The name of the API key, or the subject of the token. */
  readonly name: string | null
  readonly grants: readonly Grant[]
  /** When the credential expires. Null if it does not. */
  readonly expiresAtMs: EpochMs | null
  /** When the credential is no longer accepted. Null if it always is. A token is accepted for a leeway after its expiry. */
  readonly endsAtMs: EpochMs | null
  /** Aborted when the credential is revoked or its grants change. It does not abort when the credential expires. */
  readonly ended: AbortSignal | null
}

/** Everyone, while no credentials are required. */
export const ANONYMOUS: Principal = {
  kind: 'ANONYMOUS',
  id: '',
  name: null,
  grants: ALL_GRANTS,
  expiresAtMs: null,
  endsAtMs: null,
  ended: null,
}
