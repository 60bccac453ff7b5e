import { isStreamArn, toStreamName } from '../domain/stream-ref.js'

/** Which streams a grant covers. `text` is the pattern as the operator wrote it. */
export type StreamPattern =
  | { readonly kind: 'name'; readonly text: string; readonly parts: readonly string[] }
  | { readonly kind: 'arn'; readonly text: string }
  | { readonly kind: 'tag'; readonly text: string; readonly key: string; readonly value: string }

export const PATTERN_FORMS = 'a name such as lobby-*, the ARN of a stream, a tag such as tag:site=berlin, or *'

/** Null for text that is not a pattern. */
export function parseStreamPattern(text: string): StreamPattern | null {
  if (isStreamArn(text)) return { kind: 'arn', text }
  const tag = /^tag:(?<key>[^=,]{1,128})=(?<value>[^,]{0,256})$/.exec(text)?.groups
  if (tag?.key !== undefined && tag.value !== undefined) return { kind: 'tag', text, key: tag.key, value: tag.value }
  return /^[a-zA-Z0-9_.*-]{1,256}$/.test(text) ? { kind: 'name', text, parts: text.split('*') } : null
}

export interface NamedStream {
  readonly name: string
  readonly arn: string
}

/** Whether a name or ARN pattern covers the stream. Tags are not considered. */
export function isNamedBy(pattern: StreamPattern, { name, arn }: NamedStream): boolean {
  if (pattern.kind === 'arn') return pattern.text === arn
  return pattern.kind === 'name' && isGlobMatch(pattern.parts, name)
}

/** Whether a name pattern covers the name. An ARN pattern covers the one stream of its ARN, which the name alone does not identify. */
export function isNameCovered(pattern: StreamPattern, name: string): boolean {
  return pattern.kind === 'name' && isGlobMatch(pattern.parts, name)
}

/** Whether the pattern is the ARN of a stream with this name. */
export function isArnOfName(pattern: StreamPattern, name: string): boolean {
  return pattern.kind === 'arn' && toStreamName(pattern.text) === name
}

/** Takes the parts between the asterisks in order. Linear, unlike a regular expression with several asterisks. */
function isGlobMatch(parts: readonly string[], text: string): boolean {
  const [first = '', ...rest] = parts
  const last = rest.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  let from = first.length
  for (const part of rest) {
    const at = text.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return from <= text.length - last.length
}
