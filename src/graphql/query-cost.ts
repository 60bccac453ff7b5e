import type { ApolloServerPlugin } from '@apollo/server'
import { type DocumentNode, GraphQLError, type GraphQLSchema, getVariableValues, type OperationDefinitionNode } from 'graphql'
import type { RequestContext } from './context.js'
import { costOfOperation, type FieldCost, type OperationCost, TooManySelections } from './operation-cost.js'

/** What an answer says of its operation's cost, under `extensions.cost`. */
export interface CostReport {
  readonly requested: number
  readonly limit: number
}

/** Refuses, before anything runs, an operation whose cost (see field-cost.ts) is more than `maxCost`. Answers say what theirs was. */
export function queryCostPlugin(maxCost: number): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      let report: CostReport | null = null
      return {
        async didResolveOperation({ schema, document, operation, request }) {
          if (operation) report = checkCost(schema, { document, operation, variables: request.variables ?? {} }, maxCost)
        },
        async willSendResponse({ response: { body } }) {
          if (report !== null && body.kind === 'single') body.singleResult.extensions = { ...body.singleResult.extensions, cost: report }
        },
      }
    },
  }
}

/** Null when the variables do not fit: the executor says so better, and runs nothing. @throws GraphQLError when the operation costs more than `maxCost` */
export function checkCost(schema: GraphQLSchema, operation: SentOperation, maxCost: number): CostReport | null {
  const counted = count(schema, operation)
  if (counted === null) return null
  if (counted.cost > maxCost) throw toTooDear(counted, maxCost)
  return { requested: counted.cost, limit: maxCost }
}

export interface SentOperation {
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
  /** As they were sent. */
  readonly variables: Readonly<Record<string, unknown>>
}

/** Of operations whose cost no variable changes: clients send the same ones again and again (measured: 0.28 ms of a requestClip). */
const fixedCosts = new WeakMap<OperationDefinitionNode, OperationCost>()

function count(schema: GraphQLSchema, { document, operation, variables }: SentOperation): OperationCost | null {
  const known = fixedCosts.get(operation)
  if (known) return known
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, { maxErrors: 1 })
  if (!coerced) return null
  try {
    const counted = costOfOperation(schema, { document, operation, variables: coerced })
    if (!counted.dependsOnVariables) fixedCosts.set(operation, counted)
    return counted
  } catch (error) {
    if (error instanceof TooManySelections)
      throw refusal('The operation selects too many fields to be counted. Split it into several operations.')
    throw refusal(error instanceof Error ? error.message : 'The cost of the operation cannot be counted.', { cause: error })
  }
}

function toTooDear({ cost, dearest }: OperationCost, limit: number): GraphQLError {
  const text = `The operation costs ${cost}, at most ${limit} is allowed.`
  const extensions = { cost: { requested: cost, limit, ...(dearest && { field: dearest.path.join('.'), fieldCost: dearest.cost }) } }
  return refusal(dearest === null ? text : `${text} ${toAdvice(dearest)}`, { extensions })
}

function toAdvice({ path, cost, isPaged }: FieldCost): string {
  const change = isPaged ? 'Ask for a smaller page (first), or leave the field out.' : 'Leave it out, or split the operation into several.'
  return `The field ${path.join('.')} costs most (${cost}). ${change}`
}

function refusal(
  message: string,
  { extensions = {}, cause }: { readonly extensions?: object; readonly cause?: unknown } = {},
): GraphQLError {
  const options = { extensions: { code: 'BAD_USER_INPUT', ...extensions, http: { status: 400 } } }
  return new GraphQLError(message, cause instanceof Error ? { ...options, originalError: cause } : options)
}
