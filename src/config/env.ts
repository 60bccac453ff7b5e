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

const TELEMETRY = ['ENDPOINT', 'TRACES_ENDPOINT', 'METRICS_ENDPOINT'].map((name) => `OTEL_EXPORTER_OTLP_${name}`)

export interface TelemetrySettings {
  readonly serviceName: string
  readonly hasMetrics: boolean
  readonly isJson: boolean
  /** Between two exports of metrics. */
  readonly metricIntervalMs: number
}

/** The standard variables of OpenTelemetry that the gateway itself needs. The SDK reads the others. Null if no endpoint is set. */
export function readTelemetry(source: Readonly<Record<string, string | undefined>> = process.env): TelemetrySettings | null {
  if (source.OTEL_SDK_DISABLED === 'true' || TELEMETRY.every((name) => !source[name]?.trim())) return null
  const protocol = source.OTEL_EXPORTER_OTLP_METRICS_PROTOCOL ?? source.OTEL_EXPORTER_OTLP_PROTOCOL
  return {
    serviceName: source.OTEL_SERVICE_NAME ?? 'clipgate',
    hasMetrics: source.OTEL_METRICS_EXPORTER !== 'none',
    isJson: protocol === 'http/json',
    metricIntervalMs: parseTelemetryInterval(source.OTEL_METRIC_EXPORT_INTERVAL),
  }
}

function parseTelemetryInterval(text = '60000'): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new WrongSetting(`OTEL_METRIC_EXPORT_INTERVAL is ${JSON.stringify(text)}, but must be a whole number of milliseconds.`)
}
