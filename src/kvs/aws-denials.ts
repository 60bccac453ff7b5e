import type { Clock } from '../lib/clock.js'
import { codeOf, messageOf, nameOf } from '../lib/thrown.js'

type DenialCause =
  | 'CREDENTIALS_EXPIRED'
  | 'CREDENTIALS_UNKNOWN'
  | 'CLOCK_SKEW'
  | 'SIGNATURE_WRONG'
  | 'PERMISSION_MISSING'
  | 'KMS_KEY'
  | 'WRONG_HOST'
  | 'WRONG_REGION'

/** Why a call was refused or could not be sent, if an operator can fix that. */
export interface Denial {
  readonly cause: DenialCause
  /** The cause as the end of a sentence, and a second sentence that says how to fix it. Contains no role and no user. */
  readonly text: string
  /** The missing action, for PERMISSION_MISSING. */
  readonly action: string | null
}

const EXPIRED_NAMES: ReadonlySet<string> = new Set(['ExpiredTokenException', 'ExpiredToken', 'TokenRefreshRequired'])
const UNKNOWN_NAMES: ReadonlySet<string> = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidClientTokenIdException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
])
const SKEW_NAMES: ReadonlySet<string> = new Set(['RequestExpired', 'RequestTimeTooSkewed', 'RequestInTheFuture'])
const SIGNATURE_NAMES: ReadonlySet<string> = new Set(['InvalidSignatureException', 'SignatureDoesNotMatch', 'IncompleteSignatureException'])
const PERMISSION_NAMES: ReadonlySet<string> = new Set(['AccessDeniedException', 'AccessDenied', 'NotAuthorizedException'])
/** Matches the code of the error, or the message of an SDK error that wraps it. */
const NO_SUCH_HOST = /^(getaddrinfo )?(ENOTFOUND|EAI_AGAIN)\b/
/** `User: … is not authorized to perform: kinesisvideo:GetClip on resource: … because …` (kvs facts, 1.6). */
const NOT_AUTHORIZED = /not authorized to perform: ?([\w-]{1,40}:\w{1,80})(?: on (?:the )?resource: ?([^\s"]{1,1024}))?/i

/** Null for an error whose cause is unknown or temporary. */
export function findDenial(error: unknown, operation: string): Denial | null {
  const [name, message] = [nameOf(error), messageOf(error)]
  if ([codeOf(error), message.replace(/^.*Error: /, '')].some((text) => NO_SUCH_HOST.test(text))) return denial('WRONG_REGION', NO_HOST)
  if (EXPIRED_NAMES.has(name) || (name === 'CredentialsProviderError' && /expired/i.test(message)))
    return denial('CREDENTIALS_EXPIRED', EXPIRED)
  if (UNKNOWN_NAMES.has(name)) return denial('CREDENTIALS_UNKNOWN', UNKNOWN)
  if (SKEW_NAMES.has(name)) return denial('CLOCK_SKEW', SKEW)
  if (SIGNATURE_NAMES.has(name)) return toSignatureDenial(message)
  if (/^KMS/.test(name) || /\bkms:\w+|\bKMS\b/.test(message)) return denial('KMS_KEY', KMS)
  if (isWrongHost(name, message, error)) return denial('WRONG_HOST', HOST)
  return PERMISSION_NAMES.has(name) ? toPermissionDenial(message, operation) : null
}

const EXPIRED = 'its AWS credentials have expired. Renew them, or give the gateway a role, whose credentials are renewed automatically'
const UNKNOWN = 'AWS does not know its access key. Check AWS_ACCESS_KEY_ID or AWS_PROFILE and, for temporary credentials, AWS_SESSION_TOKEN'
const SKEW = 'the clock of its machine is wrong by more than 5 minutes. Set the clock, for example by NTP'
const WRONG_SECRET = 'its signature is wrong. Check that AWS_SECRET_ACCESS_KEY belongs to the access key'
const KMS = 'the stream is encrypted with a KMS key that it may not use. Allow its role kms:Decrypt on that key'
const HOST = 'the host that was called does not serve this operation. Check KVS_ENDPOINT, AWS_REGION and any proxy in between'
const REGION = 'its requests are signed for another Region. Check AWS_REGION and KVS_ENDPOINT'
const NO_HOST = 'its host cannot be found. Check AWS_REGION, KVS_ENDPOINT and the name servers'

function denial(cause: DenialCause, text: string, action: string | null = null): Denial {
  return { cause, text, action }
}

function toSignatureDenial(message: string): Denial {
  if (/signature (has )?expired|not yet current|skew/i.test(message)) return denial('CLOCK_SKEW', SKEW)
  if (/scoped to (a valid|the correct) region|valid region/i.test(message)) return denial('WRONG_REGION', REGION)
  return denial('SIGNATURE_WRONG', WRONG_SECRET)
}

function toPermissionDenial(message: string, operation: string): Denial {
  const [, action = `kinesisvideo:${operation}`, resource] = NOT_AUTHORIZED.exec(message) ?? []
  const where = resource === undefined || /^arn:[\w-]+:(iam|sts):/.test(resource) ? '' : ` on ${resource}`
  const isExplicit = /explicit deny/i.test(message)
  const text = isExplicit
    ? `a policy explicitly denies ${action}${where}. Remove that from the policy`
    : `it has no permission for ${action}${where}. Add that to its IAM policy`
  return denial('PERMISSION_MISSING', text, action)
}

/** A host of another service answers with XML. The SDK reports a SyntaxError and hides the body in `$response` (kvs facts, 1.5 and 11.15). */
function isWrongHost(name: string, message: string, error: unknown): boolean {
  if (/^UnknownOperation/.test(name)) return true
  if (/Unable to determine service\/operation name/.test(message)) return true
  return name === 'SyntaxError' && /^\s*</.test(hiddenBodyOf(error))
}

function hiddenBodyOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  const response: unknown = Reflect.get(error, '$response')
  if (typeof response !== 'object' || response === null) return ''
  const body: unknown = Reflect.get(response, 'body')
  return body instanceof Uint8Array ? Buffer.from(body.subarray(0, 4096)).toString('latin1') : ''
}

const LOG_INTERVAL_MS = 60_000
/** One key for each cause, and for permissions one for each action. */
const MAX_KEYS = 100

/** Logs why AWS refuses calls: each cause at most once a minute, because it usually affects every request. */
export class DenialLog {
  readonly #loggedAtMs = new Map<string, number>()

  constructor(
    private readonly warn: (message: string, error: unknown) => void,
    private readonly clock: Clock,
  ) {}

  log(error: unknown, operation: string): void {
    const denial = findDenial(error, operation)
    if (denial === null || !this.#isDue(denial)) return
    this.warn(`The gateway cannot call ${operation} of Kinesis Video: ${denial.text}.`, error)
  }

  #isDue({ cause, action }: Denial): boolean {
    const key = `${cause} ${action}`
    const now = this.clock.now()
    const loggedAtMs = this.#loggedAtMs.get(key)
    if (loggedAtMs !== undefined && now - loggedAtMs < LOG_INTERVAL_MS) return false
    if (this.#loggedAtMs.size >= MAX_KEYS) this.#loggedAtMs.clear()
    this.#loggedAtMs.set(key, now)
    return true
  }
}
