import { GatewayError } from '../domain/errors.js'
import type { KeyRing } from './key-ring.js'
import { ANONYMOUS, type Principal } from './principal.js'

/** Longer than any API key or access token. */
const MAX_CREDENTIAL_CHARACTERS = 8192

export interface AuthenticatorOptions {
  /** Null without API_KEYS_FILE. */
  readonly keys: KeyRing | null
}

/** Finds the principal of a credential. Without any kind of credential configured, everyone is anonymous. */
export class Authenticator {
  readonly #keys: KeyRing | null

  constructor({ keys }: AuthenticatorOptions) {
    this.#keys = keys
  }

  /** @throws GatewayError UNAUTHENTICATED */
  async authenticate(credential: string | null): Promise<Principal> {
    if (this.#keys === null) return ANONYMOUS
    if (credential === null)
      throw new GatewayError('UNAUTHENTICATED', 'The request has no credential. Send an API key as "Authorization: Bearer KEY".')
    const principal = credential.length > MAX_CREDENTIAL_CHARACTERS ? null : this.#keys.find(credential)
    if (principal !== null) return principal
    throw new GatewayError('UNAUTHENTICATED', 'The credential is unknown, expired or revoked. Request a new one from the operator.')
  }
}
