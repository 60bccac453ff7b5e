/** A stream by name or by ARN, already checked against the patterns of AWS. */
export type StreamRef = { readonly name: string } | { readonly arn: string }

/** Matches StreamName of the API model. */
export function isStreamName(text: string): boolean {
  return /^[a-zA-Z0-9_.-]{1,256}$/.test(text)
}

/**
 * Matches StreamARN of the API model, but only for streams (the model also allows channels). Example:
 * `arn:aws:kinesisvideo:eu-west-1:123456789012:stream/name/1511852109126`.
 */
export function isStreamArn(text: string): boolean {
  return text.length <= 1024 && /^arn:[a-z\d-]+:kinesisvideo:[a-z0-9-]+:[0-9]+:stream\/[a-zA-Z0-9_.-]+\/[0-9]+$/.test(text)
}

/** The name inside an ARN that `isStreamArn` accepts. */
export function toStreamName(arn: string): string {
  return arn.split('/')[1] ?? arn
}
