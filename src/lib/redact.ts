const REDACTED = '[redacted]'

/** Credentials outside URLs. They match inside JSON text, so a value ends at a quote or a backslash. Each pattern takes linear time. */
const RULES: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // A clip URL opens its clip without other credentials.
  [/\/clips\/[^\s"'\\<>]+/g, `/clips/${REDACTED}`],
  [/\b(cgk_[A-Za-z0-9]{1,64}_)[\w-]+/g, `$1${REDACTED}`],
  // Sealed tokens and session tokens are longer than any identifier.
  [/\b[\w-]{120,}/g, REDACTED],
  [/(?:\beyJ[\w-]{1,119}|\[redacted\])\.(?:[\w-]{1,119}|\[redacted\])\.(?:[\w-]{1,119}|\[redacted\])/g, REDACTED],
  [/\b(Bearer|Basic)\s+[^\s"'\\,]+/gi, `$1 ${REDACTED}`],
  [/\b(Signature=)[0-9a-f]{16,}/gi, `$1${REDACTED}`],
  [
    /(\\?"(?:authorization|x-api-key|cookie|set-cookie|x-amz-security-token|secretaccesskey|sessiontoken|password)\\?":\s{0,8}\\?")[^"\\]*/gi,
    `$1${REDACTED}`,
  ],
]

const URLS = /\b(?:https?|wss?|rediss?|s3):\/\/[^\s"'\\<>]+/gi

/** Removes clip URLs, the queries and passwords of URLs, API keys, access tokens, and the given secrets from a line of a log. */
export function redact(line: string, secrets: readonly string[] = []): string {
  const withoutSecrets = secrets.reduce((text, secret) => text.replaceAll(secret, REDACTED), line)
  return RULES.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), withoutSecrets.replace(URLS, redactUrl))
}

/** A password, or a query with a signature or a session token, can be a credential. */
function redactUrl(url: string): string {
  const authority = url.indexOf('//') + 2
  const path = url.indexOf('/', authority)
  const at = url.lastIndexOf('@', path === -1 ? undefined : path)
  const query = url.search(/[?#]/)
  const end = query === -1 ? url.length : query
  const isPrivate = at >= authority && at < end
  const place = url.slice(isPrivate ? at + 1 : authority, end)
  return `${url.slice(0, authority)}${isPrivate ? `${REDACTED}@` : ''}${place}${query === -1 ? '' : `?${REDACTED}`}`
}
