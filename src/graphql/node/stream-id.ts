const PREFIX = 'Stream:'
/** Base64url of the longest ARN (1,024 characters) and the prefix. */
const LONGEST = Math.ceil(((1024 + PREFIX.length) * 4) / 3)

/** The global id of a stream: opaque to clients, made of its ARN, which no other stream ever has. */
export function toStreamId(arn: string): string {
  return Buffer.from(`${PREFIX}${arn}`, 'utf8').toString('base64url')
}

/** Null when the id is not one of a stream. What it holds is a client's word: check it as an ARN. */
export function parseStreamId(id: string): string | null {
  if (id.length > LONGEST || !/^[A-Za-z0-9_-]+$/.test(id)) return null
  const text = Buffer.from(id, 'base64url').toString('utf8')
  return text.startsWith(PREFIX) ? text.slice(PREFIX.length) : null
}
