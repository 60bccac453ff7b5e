// AWS Signature Version 4 in the Authorization header. The client names the signed headers. The server computes the hash of the body when the
// client sends none.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { at } from '../../lib/at.js'
import type { EpochMs } from '../../lib/clock.js'
import { AwsException } from '../wire/aws-exception.js'

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface SignedRequest {
  readonly method: string
  /** Path and query, as on the request line. */
  readonly url: string
  /** Names and values in turn, as Node gives them: a name may come twice. */
  readonly rawHeaders: readonly string[]
  /** PutMedia's body is not hashed: producers sign the empty string in its place. */
  readonly body: Uint8Array
}

interface Credential {
  readonly keyId: string
  readonly scope: string
  readonly date: string
  readonly region: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
}

/** How far a request's date may be from the server's: what the service's own refusals name (kinesis-video-streams-producer-sdk-cpp#1099). */
const CLOCK_SKEW_MINUTES = 5
const CLOCK_SKEW_MS = CLOCK_SKEW_MINUTES * 60 * 1000
const ALGORITHM = 'AWS4-HMAC-SHA256'
const SERVICE = 'kinesisvideo'
const AUTHORIZATION = /^AWS4-HMAC-SHA256\s+(.*)$/s
const SCOPE = /^([^/\s]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request$/
const AMZ_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/**
 * All clients sign a value as UTF-8. Most also send UTF-8, which Node decodes byte by byte (`latin1` restores the bytes). The HTTP clients of
 * Node and Python send Latin-1, which Node decodes correctly.
 */
const ENCODINGS = ['latin1', 'utf8'] as const

/** Returns when the signature is good; refuses with the exceptions and texts of the service otherwise. */
export function verifySignature(request: SignedRequest, accessKeys: readonly AccessKey[], nowMs: EpochMs): void {
  const headers = collectHeaders(request.rawHeaders)
  const credential = parseAuthorization(headers.get('authorization'))
  const key = accessKeys.find(({ accessKeyId }) => accessKeyId === credential.keyId)
  if (key === undefined) throw new AwsException('UnrecognizedClientException', 'The security token included in the request is invalid.')

  const date = parseRequestDate(headers, credential, nowMs)
  const canonical = buildCanonicalRequest(request, headers, credential.signedHeaders)
  const isGood = ENCODINGS.some((encoding) => {
    const toSign = [ALGORITHM, date, credential.scope, sha256(Buffer.from(canonical, encoding))].join('\n')
    return equalsInConstantTime(sign(key.secretAccessKey, credential, toSign), credential.signature)
  })
  if (!isGood) {
    throw new AwsException(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    )
  }
}

function collectHeaders(rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = at(rawHeaders, i).toLowerCase()
    // Not trim() or \s: they treat a no-break space as blank, but here it may be one byte of a multi-byte character.
    const value = at(rawHeaders, i + 1)
      .replace(/[ \t]+/g, ' ')
      .replace(/^ | $/g, '')
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before},${value}`)
  }
  return headers
}

function parseAuthorization(header: string | undefined): Credential {
  if (header === undefined || header === '') throw new AwsException('MissingAuthenticationTokenException', 'Missing Authentication Token')
  const fields = AUTHORIZATION.exec(header)?.[1]
  if (fields === undefined) throw incomplete(`Authorization must begin with ${ALGORITHM}`)
  const parts = new Map(fields.split(',').map((field) => splitOnce(field.trim())))
  const scope = SCOPE.exec(parts.get('Credential') ?? '')
  const signature = parts.get('Signature') ?? ''
  const signedHeaders = (parts.get('SignedHeaders') ?? '').toLowerCase().split(';').filter(Boolean)
  if (scope === null) throw incomplete('Authorization needs Credential=KEY/DATE/REGION/SERVICE/aws4_request')
  if (signature === '' || signedHeaders.length === 0) throw incomplete('Authorization needs SignedHeaders and Signature')

  const [credential = '', keyId = '', date = '', region = '', service = ''] = scope
  if (service !== SERVICE) {
    throw new AwsException('InvalidSignatureException', `Credential should be scoped to correct service: '${SERVICE}'. `)
  }
  return { keyId, scope: credential.slice(keyId.length + 1), date, region, signedHeaders, signature }
}

function parseRequestDate(headers: ReadonlyMap<string, string>, credential: Credential, nowMs: EpochMs): string {
  const date = headers.get('x-amz-date') ?? toAmzDate(Date.parse(headers.get('date') ?? ''))
  const parts = AMZ_DATE.exec(date ?? '')
  if (date === null || parts === null) throw incomplete('X-Amz-Date (or Date) is required, as YYYYMMDDTHHMMSSZ')
  if (!date.startsWith(credential.date))
    throw new AwsException(
      'InvalidSignatureException',
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP',
    )

  const [year = 0, month = 1, ...rest] = parts.slice(1).map(Number)
  const aheadMs = Date.UTC(year, month - 1, ...rest) - nowMs
  if (Math.abs(aheadMs) > CLOCK_SKEW_MS) throw wrongTime(date, aheadMs, nowMs)
  return date
}

function buildCanonicalRequest(request: SignedRequest, headers: ReadonlyMap<string, string>, signedHeaders: readonly string[]): string {
  // A signature that leaves the host out could be replayed against another server.
  if (!signedHeaders.includes('host')) throw incomplete("'Host' must be a signed header")
  const [path = '/', query = ''] = splitOnce(request.url, '?')
  return [
    request.method,
    path.split('/').map(encodeRfc3986).join('/'),
    canonicalQuery(query),
    ...signedHeaders.map((name) => `${name}:${headers.get(name) ?? ''}`),
    '',
    signedHeaders.join(';'),
    headers.get('x-amz-content-sha256') === 'UNSIGNED-PAYLOAD' ? 'UNSIGNED-PAYLOAD' : sha256(request.body),
  ].join('\n')
}

function canonicalQuery(query: string): string {
  if (query === '') return ''
  return query
    .split('&')
    .map((pair) => splitOnce(pair).map((part) => encodeRfc3986(decodeLeniently(part))))
    .sort(([name = '', value = ''], [otherName = '', otherValue = '']) => compare(name, otherName) || compare(value, otherValue))
    .map((pair) => pair.join('='))
    .join('&')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

function sign(secret: string, { date, region }: Credential, toSign: string): string {
  const key = [date, region, SERVICE, 'aws4_request'].reduce<Uint8Array>(
    (signingKey, part) => hmac(signingKey, part),
    Buffer.from(`AWS4${secret}`),
  )
  return Buffer.from(hmac(key, toSign)).toString('hex')
}

function hmac(key: Uint8Array, text: string): Uint8Array {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function equalsInConstantTime(expected: string, got: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(got)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function splitOnce(text: string, separator = '='): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not valid percent-encoding: the text is used as it is.
    return text
  }
}

function toAmzDate(epochMs: number): string | null {
  return Number.isNaN(epochMs) ? null : new Date(epochMs).toISOString().replace(/[-:]|\.\d+/g, '')
}

function wrongTime(date: string, aheadMs: number, nowMs: EpochMs): AwsException {
  const now = toAmzDate(nowMs)
  const message =
    aheadMs < 0
      ? `Signature expired: ${date} is now earlier than ${toAmzDate(nowMs - CLOCK_SKEW_MS)} (${now} - ${CLOCK_SKEW_MINUTES} min.)`
      : `Signature not yet current: ${date} is still later than ${toAmzDate(nowMs + CLOCK_SKEW_MS)} (${now} + ${CLOCK_SKEW_MINUTES} min.)`
  return new AwsException('InvalidSignatureException', message)
}

function incomplete(message: string): AwsException {
  return new AwsException('IncompleteSignatureException', message)
}
