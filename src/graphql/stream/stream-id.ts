const PREFIX = 'Stream:'
const MAX_ARN_CHARACTERS = 1024
const MAX_ID_CHARACTERS = Math.ceil(((MAX_ARN_CHARACTERS + PREFIX.length) * 4) / 3)

/** The global ID of a stream. Derived from the ARN, because a new stream with the same name has another ARN. */
export function toStreamId(arn: string): string {
  return Buffer.from(`${PREFIX}${arn}`, 'utf8').toString('base64url')
}

/** Null when the ID is not the ID of a stream. The result is unverified client input: check that it is an ARN. */
export function parseStreamId(id: string): string | null {
  if (id.length > MAX_ID_CHARACTERS || !/^[A-Za-z0-9_-]+$/.test(id)) return null
  const text = Buffer.from(id, 'base64url').toString('utf8')
  return text.startsWith(PREFIX) ? text.slice(PREFIX.length) : null
}
