import { resolve } from 'node:path'
import type { Env } from './env.js'

export interface AuthConfig {
  /** Absolute. Null without API keys. */
  readonly apiKeysFile: string | null
}

export function parseAuth(env: Env): AuthConfig {
  return { apiKeysFile: env.API_KEYS_FILE === undefined ? null : resolve(env.API_KEYS_FILE) }
}

/** Without any credential that a request could bring, only loopback may be served. */
export function isAuthConfigured({ apiKeysFile }: AuthConfig): boolean {
  return apiKeysFile !== null
}
