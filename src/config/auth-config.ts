import { resolve } from 'node:path'
import { isLoopbackHost } from '../lib/http-server.js'
import { type Env, WrongSetting } from './env.js'
import { parseSetting, toBaseUrl } from './setting-parsers.js'

export interface AuthConfig {
  /** Absolute. Null without API keys. */
  readonly apiKeysFile: string | null
  /** Null without OpenID Connect. */
  readonly oidc: OidcConfig | null
}

export interface OidcConfig {
  /** Without a trailing slash. */
  readonly issuer: string
  readonly audience: string
  /** Absolute. */
  readonly policyFile: string
}

/** @throws WrongSetting */
export function parseAuth(env: Env): AuthConfig {
  return { apiKeysFile: env.API_KEYS_FILE === undefined ? null : resolve(env.API_KEYS_FILE), oidc: parseOidc(env) }
}

/** All three settings or none. */
function parseOidc(env: Env): OidcConfig | null {
  const issuer = parseSetting(env, 'OIDC_ISSUER', {
    default: null,
    allowed: 'the https URL of an OpenID Connect issuer (http only for a loopback address)',
    parse: toIssuer,
  })
  const { OIDC_AUDIENCE: audience, ACCESS_POLICY_FILE: policyFile } = env
  if (issuer !== null && audience !== undefined && policyFile !== undefined) return { issuer, audience, policyFile: resolve(policyFile) }
  const names = (['OIDC_ISSUER', 'OIDC_AUDIENCE', 'ACCESS_POLICY_FILE'] as const).filter((name) => env[name] === undefined)
  if (names.length === 3) return null
  throw new WrongSetting(
    `OIDC_ISSUER, OIDC_AUDIENCE and ACCESS_POLICY_FILE must all be set, or none, but ${names.join(' and ')} is not set.`,
  )
}

/** A token would be worth nothing if another machine could answer for the issuer. */
function toIssuer(text: string): string | undefined {
  const url = toBaseUrl(text)
  if (url === undefined) return undefined
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || isLoopbackHost(hostname) ? url : undefined
}

/** Without any credential that a request could bring, only loopback may be served. */
export function isAuthConfigured({ apiKeysFile, oidc }: AuthConfig): boolean {
  return apiKeysFile !== null || oidc !== null
}
