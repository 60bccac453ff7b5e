import { resolve } from 'node:path'
import { isLoopbackHost, isWildcardHost, toUrlHost } from '../lib/http-server.js'
import { type AuthConfig, isAuthConfigured, parseAuth } from './auth-config.js'
import type { Env } from './env.js'
import { WrongSetting } from './env.js'
import { parseRateLimits, type RateLimitConfig } from './rate-limit-config.js'
import { isHost, parseChoice, parseHost, parseList, parseSetting, parseSwitch, parseWholeNumber, toBaseUrl } from './setting-parsers.js'
import { parseTrustProxy, type TrustProxy } from './trust-proxy.js'

/** The settings without secrets. Every default is in this file. */
export interface Config {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  /** Without a trailing slash. Null if the port is not known yet (PORT=0); the URL is then http://HOST:PORT. */
  readonly publicUrl: string | null
  /** A second address, for metrics and health. Null if the main address serves them. */
  readonly admin: AdminConfig | null
  readonly kvs: KvsConfig
  readonly embeddedKvs: EmbeddedKvsConfig
  /** Absolute. */
  readonly dataDir: string
  readonly clips: ClipConfig
  readonly webSockets: WebSocketConfig
  readonly auth: AuthConfig
  /** The absolute path of the audit log, or - for standard output. Null without one. */
  readonly auditLog: string | null
  readonly corsOrigins: readonly string[]
  readonly queryMaxDepth: number
  readonly queryMaxCost: number
  readonly rateLimits: RateLimitConfig
  readonly requestTimeoutMs: number
  /** The time in which a stopping gateway still accepts requests, so that load balancers notice that it is not ready. */
  readonly shutdownDelayMs: number
  readonly shutdownGraceMs: number
  /** The maximum time in which the reader of a clip reads no byte. */
  readonly downloadIdleTimeoutMs: number
  readonly introspection: boolean
  /** The absolute path of a manifest: only its operations run. Null for any operation. */
  readonly trustedDocuments: string | null
  readonly trustProxy: TrustProxy
  readonly logLevel: LogLevel
}

export interface AdminConfig {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
}

export type KvsConfig =
  | { readonly backend: 'embedded' }
  | {
      readonly backend: 'aws'
      /** Overrides the control plane of AWS. */
      readonly endpoint: string | null
      /** Allowed hosts of data endpoints, including their subdomains. Null for AWS's suffixes and the host of `endpoint`. */
      readonly dataEndpointSuffixes: readonly string[] | null
    }

export interface EmbeddedKvsConfig {
  readonly host: string
  readonly port: number
  readonly demo: boolean
  readonly quotas: boolean
  readonly strictCodecs: boolean
  readonly faults: boolean
  /** The delay until ListFragments returns a persisted fragment. */
  readonly listDelayMs: number
}

export interface ClipConfig {
  readonly urlTtlSeconds: number
  readonly urlMaxTtlSeconds: number
  readonly storeBytes: number
  readonly maxBytes: number
}

interface WebSocketConfig {
  /** The maximum buffer of one socket whose client does not read. */
  readonly bufferBytes: number
  /** The maximum for all sockets. */
  readonly totalBufferBytes: number
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const YEAR_SECONDS = 365 * 24 * 3600
/** A clip URL has at most 2,000 characters, including the longest token and a file name. */
export const MAX_PUBLIC_URL_CHARACTERS = 400

/** Reads no files. @throws WrongSetting */
export function parseConfig(env: Env): Config {
  const host = parseHost(env, 'HOST', '127.0.0.1')
  const auth = parseAuth(env)
  // First, because it needs several other settings.
  refuseExposure(host, auth, env)
  const port = parsePort(env, 'PORT', 4000)
  const kvs = parseKvs(env)
  const config: Config = {
    host,
    port,
    publicUrl: parsePublicUrl(env, host, port),
    admin: parseAdmin(env),
    kvs,
    embeddedKvs: parseEmbeddedKvs(env),
    dataDir: resolve(env.DATA_DIR ?? '.clipgate'),
    clips: parseClips(env),
    webSockets: parseWebSockets(env),
    auth,
    auditLog: env.AUDIT_LOG === undefined || env.AUDIT_LOG === '-' ? (env.AUDIT_LOG ?? null) : resolve(env.AUDIT_LOG),
    corsOrigins: parseCorsOrigins(env),
    queryMaxDepth: parseWholeNumber(env, 'QUERY_MAX_DEPTH', { default: 12, min: 1, max: 1000 }),
    queryMaxCost: parseWholeNumber(env, 'QUERY_MAX_COST', { default: 5000, min: 1, max: 10_000_000 }),
    rateLimits: parseRateLimits(env, isAuthConfigured(auth)),
    requestTimeoutMs: parseWholeNumber(env, 'REQUEST_TIMEOUT_MS', { default: 30_000, min: 100, max: 3_600_000 }),
    shutdownDelayMs: parseWholeNumber(env, 'SHUTDOWN_DELAY_MS', { default: isLoopbackHost(host) ? 0 : 5_000, min: 0, max: 3_600_000 }),
    shutdownGraceMs: parseWholeNumber(env, 'SHUTDOWN_GRACE_MS', { default: 30_000, min: 0, max: 3_600_000 }),
    downloadIdleTimeoutMs: parseWholeNumber(env, 'DOWNLOAD_IDLE_TIMEOUT_MS', { default: 60_000, min: 100, max: 86_400_000 }),
    introspection: parseSwitch(env, 'INTROSPECTION', kvs.backend === 'embedded'),
    trustedDocuments: env.TRUSTED_DOCUMENTS === undefined ? null : resolve(env.TRUSTED_DOCUMENTS),
    trustProxy: parseTrustProxy(env),
    logLevel: parseChoice(env, 'LOG_LEVEL', { default: 'info', of: LOG_LEVELS }),
  }
  refuseConflicts(config, env)
  return config
}

/** Both settings or neither. */
function parseAdmin(env: Env): AdminConfig | null {
  const { ADMIN_HOST, ADMIN_PORT } = env
  if (ADMIN_HOST === undefined && ADMIN_PORT === undefined) return null
  if (ADMIN_HOST === undefined) throw new WrongSetting('ADMIN_PORT is set, but ADMIN_HOST is not: set both, or neither.')
  if (ADMIN_PORT === undefined) throw new WrongSetting('ADMIN_HOST is set, but ADMIN_PORT is not: set both, or neither.')
  return { host: parseHost(env, 'ADMIN_HOST', '127.0.0.1'), port: parsePort(env, 'ADMIN_PORT', 0) }
}

function parsePort(env: Env, name: 'PORT' | 'ADMIN_PORT' | 'KVS_PORT', fallback: number): number {
  return parseWholeNumber(env, name, { default: fallback, min: 0, max: 65_535 })
}

function parsePublicUrl(env: Env, host: string, port: number): string | null {
  return parseSetting(env, 'PUBLIC_URL', {
    default: port === 0 ? null : `http://${toUrlHost(host)}:${port}`,
    allowed: `an http or https URL without credentials, query or fragment, of at most ${MAX_PUBLIC_URL_CHARACTERS} characters`,
    parse: (text) => toShortUrl(toBaseUrl(text)),
  })
}

function toShortUrl(url: string | undefined): string | undefined {
  return url !== undefined && url.length <= MAX_PUBLIC_URL_CHARACTERS ? url : undefined
}

function parseKvs(env: Env): KvsConfig {
  const backend = parseChoice(env, 'KVS_BACKEND', { default: 'embedded', of: ['embedded', 'aws'] })
  const endpoint = parseSetting(env, 'KVS_ENDPOINT', {
    default: null,
    allowed: 'an http or https URL without credentials, query or fragment',
    parse: toBaseUrl,
  })
  const dataEndpointSuffixes = parseList(env, 'KVS_DATA_ENDPOINT_SUFFIXES', {
    default: null,
    allowed: 'comma-separated host names or IP addresses, such as amazonaws.com,kvs.example.net',
    parse: (text) => (isHost(text) ? text.toLowerCase() : undefined),
  })
  return backend === 'embedded' ? { backend } : { backend, endpoint, dataEndpointSuffixes }
}

function parseEmbeddedKvs(env: Env): EmbeddedKvsConfig {
  return {
    host: parseHost(env, 'KVS_HOST', '127.0.0.1'),
    port: parsePort(env, 'KVS_PORT', 4010),
    demo: parseSwitch(env, 'KVS_DEMO', true),
    quotas: parseChoice(env, 'KVS_QUOTAS', { default: 'on', of: ['on', 'off'] }) === 'on',
    strictCodecs: parseSwitch(env, 'KVS_STRICT_CODECS', false),
    faults: parseSwitch(env, 'KVS_FAULTS', false),
    listDelayMs: parseWholeNumber(env, 'KVS_LIST_DELAY_MS', { default: 0, min: 0, max: 3_600_000 }),
  }
}

function parseClips(env: Env): ClipConfig {
  const storeBytes = parseWholeNumber(env, 'CLIP_STORE_BYTES', { default: 10_737_418_240, min: 1, max: Number.MAX_SAFE_INTEGER })
  const maxBytes = { default: Math.min(2_147_483_648, storeBytes), min: 1, max: Number.MAX_SAFE_INTEGER }
  return {
    urlTtlSeconds: parseWholeNumber(env, 'CLIP_URL_TTL', { default: 900, min: 1, max: YEAR_SECONDS }),
    urlMaxTtlSeconds: parseWholeNumber(env, 'CLIP_URL_MAX_TTL', { default: 86_400, min: 1, max: YEAR_SECONDS }),
    storeBytes,
    maxBytes: parseWholeNumber(env, 'CLIP_MAX_BYTES', maxBytes),
  }
}

/** A message contains the subscription ID, which the client chooses. It can be as long as the longest message of the client. */
const MIN_BUFFER_BYTES = 131_072

function parseWebSockets(env: Env): WebSocketConfig {
  const bufferBytes = parseWholeNumber(env, 'WS_BUFFER_BYTES', { default: 1_048_576, min: MIN_BUFFER_BYTES, max: 1_073_741_824 })
  const total = { default: Math.max(67_108_864, bufferBytes), min: MIN_BUFFER_BYTES, max: Number.MAX_SAFE_INTEGER }
  return { bufferBytes, totalBufferBytes: parseWholeNumber(env, 'WS_BUFFER_TOTAL_BYTES', total) }
}

function parseCorsOrigins(env: Env): readonly string[] {
  return parseList(env, 'CORS_ORIGINS', {
    default: [],
    allowed: 'comma-separated origins, such as https://app.example.net (only scheme, host and port, in lower case, without wildcards)',
    parse: (text) => (toBaseUrl(text) !== undefined && isOrigin(text) ? text : undefined),
  })
}

/** Origins are compared as text, so an origin with a wildcard or in another form than a browser's would never match. */
function isOrigin(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.origin !== text || url.port === '0') return false
  // Unlike DNS names, host names in URLs may contain underscores.
  return url.hostname.startsWith('[') || /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/.test(url.hostname)
}

/** Checks rules between settings. Each message contains all settings of the rule. */
function refuseConflicts(config: Config, env: Env): void {
  const { port, clips, embeddedKvs } = config
  if (config.kvs.backend === 'embedded') {
    refuseWithEmbedded(env, 'KVS_ENDPOINT')
    refuseWithEmbedded(env, 'KVS_DATA_ENDPOINT_SUFFIXES')
    if (port !== 0 && port === embeddedKvs.port) throw new WrongSetting(`PORT and KVS_PORT are both ${port}, but must differ.`)
  }
  if (port !== 0 && port === config.admin?.port) throw new WrongSetting(`PORT and ADMIN_PORT are both ${port}, but must differ.`)
  if (clips.urlTtlSeconds > clips.urlMaxTtlSeconds) {
    throw new WrongSetting(
      `CLIP_URL_TTL is ${clips.urlTtlSeconds}, but must be at most CLIP_URL_MAX_TTL, which is ${clips.urlMaxTtlSeconds}.`,
    )
  }
  // Otherwise, a larger clip would be fetched at each request, and then refused because of its size.
  if (clips.maxBytes > clips.storeBytes) {
    throw new WrongSetting(`CLIP_MAX_BYTES is ${clips.maxBytes}, but must be at most CLIP_STORE_BYTES, which is ${clips.storeBytes}.`)
  }
  refuseSmallTotal(config.webSockets)
  if (!isLoopbackHost(embeddedKvs.host) && env.KVS_ACCESS_KEYS === undefined) {
    throw new WrongSetting(
      `KVS_HOST is "${embeddedKvs.host}", but must be a loopback address (127.0.0.1, ::1) unless KVS_ACCESS_KEYS is set.`,
    )
  }
}

function refuseSmallTotal({ bufferBytes, totalBufferBytes }: WebSocketConfig): void {
  if (totalBufferBytes >= bufferBytes) return
  throw new WrongSetting(`WS_BUFFER_TOTAL_BYTES is ${totalBufferBytes}, but must be at least WS_BUFFER_BYTES, which is ${bufferBytes}.`)
}

function refuseWithEmbedded(env: Env, name: 'KVS_ENDPOINT' | 'KVS_DATA_ENDPOINT_SUFFIXES'): void {
  if (env[name] !== undefined)
    throw new WrongSetting(`${name} is set, but KVS_BACKEND is "embedded": unset it, or set KVS_BACKEND to "aws".`)
}

/** One message with everything that is missing, so that the operator does not find it in several starts. */
function refuseExposure(host: string, auth: AuthConfig, env: Env): void {
  if (isLoopbackHost(host)) return
  const missing = [
    isAuthConfigured(auth) ? null : 'API_KEYS_FILE or OIDC_ISSUER (who may ask)',
    env.CLIP_URL_SECRETS === undefined ? 'CLIP_URL_SECRETS (seals clip URLs)' : null,
    isWildcardHost(host) && env.PUBLIC_URL === undefined ? 'PUBLIC_URL (the base of clip URLs)' : null,
  ].filter((item) => item !== null)
  if (missing.length === 0) return
  throw new WrongSetting(`HOST is "${host}", which is not a loopback address. This also needs ${missing.join(', ')}.`)
}
