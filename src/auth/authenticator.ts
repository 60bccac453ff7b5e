import { GatewayError } from '../domain/errors.js'
import type { KeyRing } from './key-ring.js'
import { ANONYMOUS, type Principal } from './principal.js'
import type { TokenVerifier } from './token-verifier.js'

/** Longer than any API key or access token. */
const MAX_CREDENTIAL_CHARACTERS = 8192

export interface AuthenticatorOptions {
  /** Null without API_KEYS_FILE. */
  readonly keys: KeyRing | null
  /** Null without OIDC_ISSUER. */
  readonly tokens: TokenVerifier | null
}

/** Finds the principal of a credential. Without any kind of credential configured, everyone is anonymous. */
export class Authenticator {
  constructor(private readonly options: AuthenticatorOptions) {}

  /** @throws GatewayError UNAUTHENTICATED, or OVERLOADED if the issuer of tokens cannot be reached */
  async authenticate(credential: string | null): Promise<Principal> {
    const { keys, tokens } = this.options
    if (keys === null && tokens === null) return ANONYMOUS
    if (credential === null) {
      const kinds = [keys && 'an API key', tokens && 'an access token'].filter((kind) => kind !== null)
      throw new GatewayError('UNAUTHENTICATED', `The request has no credential. Send ${kinds.join(' or ')} as "Authorization: Bearer …".`)
    }
    const principal = credential.length > MAX_CREDENTIAL_CHARACTERS ? null : (keys?.find(credential) ?? (await tokens?.find(credential)))
    if (principal) return principal
    throw new GatewayError('UNAUTHENTICATED', 'The credential is invalid, unknown, expired or revoked. Get a new one.')
  }
}
