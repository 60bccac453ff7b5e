// The claims of a verified JWT, in the forms that issuers give them.

/** Not checked beyond the signature, the issuer and the times. */
export type Claims = Readonly<Record<string, unknown>>

/** OAuth 2.0 (RFC 8693, 4.2), Okta and Entra, Auth0. */
const SCOPE_CLAIMS = ['scope', 'scp', 'permissions']
/** Only ID tokens have these (OpenID Connect Core, 2 and 3.3.2.11). */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash']
/** One of these identifies an access token whose header has no type. */
const ACCESS_TOKEN_CLAIMS = [...SCOPE_CLAIMS, 'client_id', 'roles']

/** The texts of a claim. `scope` gives the scopes of the token, whichever claim contains them. A dotted name reaches into objects. */
export function claimValues(claims: Claims, name: string): readonly string[] {
  if (name === 'scope') return SCOPE_CLAIMS.flatMap((claim) => toTexts(own(claims, claim)).flatMap((text) => text.split(' ')))
  return toTexts(own(claims, name) ?? findNested(claims, name.split('.')))
}

/**
 * Whether the token is an access token. RFC 9068 gives it the type `at+jwt`. Other issuers give no type, so an ID token is recognized by its
 * claims: Cognito's `token_use`, Keycloak's `typ`, and the claims of OpenID Connect.
 */
export function isAccessToken(claims: Claims, type: string | undefined): boolean {
  if (/^(application\/)?at\+jwt$/i.test(type ?? '')) return true
  if (type !== undefined && type.toUpperCase() !== 'JWT') return false
  const use = own(claims, 'token_use')
  if (use !== undefined) return use === 'access'
  if (own(claims, 'typ') === 'ID' || ID_TOKEN_CLAIMS.some((claim) => own(claims, claim) !== undefined)) return false
  return ACCESS_TOKEN_CLAIMS.some((claim) => own(claims, claim) !== undefined)
}

/** Whether the token is for this audience: `aud`, or `client_id` if there is no `aud`, as in Cognito's access tokens. */
export function isForAudience(claims: Claims, audience: string): boolean {
  const aud = own(claims, 'aud')
  return aud === undefined ? own(claims, 'client_id') === audience : toTexts(aud).includes(audience)
}

function own(claims: object, name: string): unknown {
  return Object.hasOwn(claims, name) ? Reflect.get(claims, name) : undefined
}

function findNested(value: object, [name = '', ...rest]: readonly string[]): unknown {
  const found = own(value, name)
  if (rest.length === 0) return found
  return typeof found === 'object' && found !== null ? findNested(found, rest) : undefined
}

function toTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((item: unknown) => typeof item === 'string') : []
}
