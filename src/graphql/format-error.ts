import { unwrapResolverError } from '@apollo/server/errors'
import type { GraphQLFormattedError } from 'graphql'
import { ERRORS, GatewayError, type GraphqlErrorCode } from '../domain/errors.js'

/** Where faults that are ours go; Fastify's logger is one. */
export interface ErrorLog {
  error(details: object, message: string): void
}

export type FormatError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError

/** Messages of graphql-js quote what they refuse, and a client may send much. */
const LONGEST_MESSAGE = 500
const LONGEST_HEAD = 150
const OUR_FAULT = 'Something went wrong in the gateway; its log says what.'
const TOO_DEEP = 'The document is nested too deeply to be read.'
const OUT_OF_TIME = 'The answer did not come within the time that a request may take.'

/** The border between our errors and GraphQL's: a GatewayError keeps its code and details, whatever is unknown is logged and not shown. */
export function createFormatError(log: ErrorLog): FormatError {
  return (formatted, error) => {
    const original = unwrapResolverError(error)
    if (original instanceof GatewayError) return toFormatted(formatted, original)
    // AbortSignal.timeout aborts with a DOMException of this name.
    if (original instanceof Error && original.name === 'TimeoutError')
      return toFormatted(formatted, new GatewayError('KVS_UNAVAILABLE', OUT_OF_TIME))
    const code = formatted.extensions?.code
    // All that graphql-js refuses of a document's text begins like this; what is left is a parser that ran out of stack.
    if (code === 'GRAPHQL_PARSE_FAILED' && !formatted.message.startsWith('Syntax Error'))
      return { ...formatted, message: TOO_DEEP, extensions: { code } }
    if (typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR')
      return { ...formatted, message: cut(formatted.message), extensions: { code, ...toShown(formatted.extensions ?? {}) } }
    log.error({ err: original, path: formatted.path }, 'a resolver failed')
    return toFormatted(formatted, new GatewayError('INTERNAL_SERVER_ERROR', OUR_FAULT))
  }
}

/** The other extensions of a GraphQLError of ours are not for clients. */
function toShown({ cost, retryAfterMs }: NonNullable<GraphQLFormattedError['extensions']>): object {
  return { ...(cost === undefined ? {} : { cost }), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

interface ErrorExtensions {
  readonly code: GraphqlErrorCode
  readonly retryAfterMs?: number
  readonly awsRequestId?: string
}

function toFormatted(formatted: GraphQLFormattedError, { code, message, details }: GatewayError): GraphQLFormattedError {
  const extensions: ErrorExtensions = { code: ERRORS[code].graphql, ...details }
  return { ...formatted, message, extensions: { ...extensions } }
}

/** What was refused stands in the middle of a message; its place and the reason stand at the ends. */
function cut(message: string): string {
  if (message.length <= LONGEST_MESSAGE) return message
  return `${message.slice(0, LONGEST_HEAD)}…${message.slice(LONGEST_HEAD - LONGEST_MESSAGE)}`
}
