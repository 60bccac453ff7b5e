import { GatewayError } from '../../domain/errors.js'
import { isStreamArn, isStreamName, type StreamRef } from '../../domain/stream-ref.js'
import { quoteInput } from '../scalars/quote-input.js'

/** The stream that `name` or `arn` points at. Refuses unless exactly one is given and may be one. */
export function parseStreamChoice(name: string | null, arn: string | null): StreamRef {
  if (name !== null && arn === null) return parseName(name)
  if (arn !== null && name === null) return parseArn(arn)
  throw new GatewayError('BAD_USER_INPUT', `Give exactly one of name and arn, not ${name === null ? 'neither' : 'both'}.`)
}

function parseName(name: string): StreamRef {
  if (isStreamName(name)) return { name }
  throw new GatewayError('BAD_USER_INPUT', `name must be 1 to 256 of letters, digits, ".", "_" and "-", got ${quoteInput(name)}.`)
}

function parseArn(arn: string): StreamRef {
  if (isStreamArn(arn)) return { arn }
  throw new GatewayError('BAD_USER_INPUT', `arn must be the ARN of a stream (arn:aws:kinesisvideo:…), got ${quoteInput(arn)}.`)
}

/** Refuses what no name begins with. */
export function parseNamePrefix(prefix: string): string {
  if (isStreamName(prefix)) return prefix
  throw new GatewayError('BAD_USER_INPUT', `namePrefix must be 1 to 256 of letters, digits, ".", "_" and "-", got ${quoteInput(prefix)}.`)
}
