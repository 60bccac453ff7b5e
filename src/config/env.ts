/** An invalid setting, which stops the start. The message is one sentence: the setting, its value, and what is allowed. */
export class WrongSetting extends Error {
  override readonly name = 'WrongSetting'
}

/** All settings. `example.env` explains each. */
export const SETTING_NAMES = [
  'HOST',
  'PORT',
  'PUBLIC_URL',
  'ADMIN_HOST',
  'ADMIN_PORT',
  'KVS_BACKEND',
  'KVS_ENDPOINT',
  'KVS_DATA_ENDPOINT_SUFFIXES',
  'KVS_HOST',
  'KVS_PORT',
  'KVS_DEMO',
  'KVS_QUOTAS',
  'KVS_STRICT_CODECS',
  'KVS_FAULTS',
  'KVS_LIST_DELAY_MS',
  'KVS_ACCESS_KEYS',
  'DATA_DIR',
  'CLIP_URL_SECRETS',
  'CLIP_URL_TTL',
  'CLIP_URL_MAX_TTL',
  'CLIP_STORE_BYTES',
  'CLIP_MAX_BYTES',
  'WS_BUFFER_BYTES',
  'WS_BUFFER_TOTAL_BYTES',
  'API_KEYS_FILE',
  'AUDIT_LOG',
  'OIDC_ISSUER',
  'OIDC_AUDIENCE',
  'ACCESS_POLICY_FILE',
  'CORS_ORIGINS',
  'QUERY_MAX_DEPTH',
  'QUERY_MAX_COST',
  'RATE_LIMIT_COST',
  'RATE_LIMIT_DOWNLOADS',
  'REQUEST_TIMEOUT_MS',
  'SHUTDOWN_DELAY_MS',
  'SHUTDOWN_GRACE_MS',
  'DOWNLOAD_IDLE_TIMEOUT_MS',
  'INTROSPECTION',
  'TRUSTED_DOCUMENTS',
  'TRUST_PROXY',
  'LOG_LEVEL',
] as const
export type SettingName = (typeof SETTING_NAMES)[number]

/** The settings that are set, as text. An empty value counts as not set. */
export type Env = Readonly<Partial<Record<SettingName, string>>>

/** The only reader of the process's environment. */
export function readEnv(source: Readonly<Record<string, string | undefined>> = process.env): Env {
  const env: Partial<Record<SettingName, string>> = {}
  for (const name of SETTING_NAMES) {
    const value = source[name]?.trim()
    if (value) env[name] = value
  }
  return env
}
