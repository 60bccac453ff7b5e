import {
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import { type CostReport, checkCost } from './cost/query-cost.js'
import { documentLimits, MAX_TOKENS } from './document-limits.js'
import type { TrustedDocuments } from './trusted-documents.js'

/** A request whose shape the transport has validated. */
export interface SubscriptionRequest {
  readonly query: string
  readonly operationName?: string | null | undefined
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
}

export interface OperationRules {
  readonly maxDepth: number
  readonly maxCost: number
  /** If false, error messages do not suggest names from the schema. */
  readonly introspection: boolean
  /** Null if any operation may run. */
  readonly trusted: Pick<TrustedDocuments, 'check'> | null
}

export interface ValidSubscription {
  readonly args: ExecutionArgs
  readonly cost: CostReport | null
}

/** Applies the limits and error codes that Apollo applies to queries. Refuses queries and mutations. */
export function parseSubscription(
  schema: GraphQLSchema,
  request: SubscriptionRequest,
  rules: OperationRules,
): ValidSubscription | readonly GraphQLError[] {
  try {
    rules.trusted?.check(request.query)
    const document = parse(request.query, { maxTokens: MAX_TOKENS })
    const errors = validate(schema, document, [...specifiedRules, ...documentLimits(rules)], { hideSuggestions: !rules.introspection })
    if (errors.length > 0) return errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED'))
    return parseOperation(schema, { document, ...request }, rules)
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    // Only errors of the parser have no code.
    return [typeof error.extensions.code === 'string' ? error : withCode(error, 'GRAPHQL_PARSE_FAILED')]
  }
}

function parseOperation(
  schema: GraphQLSchema,
  { document, operationName, variables }: Omit<SubscriptionRequest, 'query'> & { readonly document: DocumentNode },
  { maxCost, introspection }: OperationRules,
): ValidSubscription | readonly GraphQLError[] {
  const operation = getSubscription(document, operationName)
  const variableValues = { ...variables }
  const options = { maxErrors: 10, hideSuggestions: !introspection }
  const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues, options)
  if (errors) return errors.map((error) => withCode(error, 'BAD_USER_INPUT'))
  const cost = checkCost(schema, { document, operation, variables: variableValues }, maxCost)
  return { args: { schema, document, operationName: operationName ?? null, variableValues }, cost }
}

function getSubscription(document: DocumentNode, operationName: string | null | undefined): OperationDefinitionNode {
  const operation = getOperationAST(document, operationName)
  if (!operation) {
    throw refusal(
      'OPERATION_RESOLUTION_FAILURE',
      'The document has no operation with this name, or it has several and operationName is missing.',
    )
  }
  if (operation.operation !== 'subscription') {
    throw refusal('BAD_USER_INPUT', `Send a ${operation.operation} over HTTP. WebSockets accept only subscriptions.`)
  }
  return operation
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } })
}

function withCode({ message, nodes, source, positions, path }: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(message, { nodes, source, positions, path, extensions: { code } })
}
