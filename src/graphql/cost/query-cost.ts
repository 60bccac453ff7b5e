import { GraphQLError, type GraphQLSchema, getVariableValues, type OperationDefinitionNode } from 'graphql'
import type { FieldCost } from './largest-field.js'
import { type CostedOperation, costOfOperation, type OperationCost, TooManySelections } from './operation-cost.js'

/** The cost of an operation, as responses state it in `extensions.cost`. */
export interface CostReport {
  /** The estimate, which must not exceed `limit`. */
  readonly requested: number
  readonly limit: number
  /** With a rate limit: the cost with the items of the response. The difference to the estimate is refunded. */
  readonly actual?: number
  /** With a rate limit: the points that are left. */
  readonly available?: number
}

/** The costs that do not depend on variables, because clients repeat the same operations. */
const fixedCosts = new WeakMap<OperationDefinitionNode, OperationCost>()
const pagedOperations = new WeakSet<OperationDefinitionNode>()

/** Whether the response of an operation that was checked can cost less than its estimate. */
export function canCostLess(operation: OperationDefinitionNode): boolean {
  return pagedOperations.has(operation)
}

/** The variables are not coerced yet. Null for invalid ones: the executor reports them with a better message. @throws GraphQLError when the operation costs more than `maxCost` */
export function checkCost(schema: GraphQLSchema, operation: CostedOperation, maxCost: number): CostReport | null {
  const counted = count(schema, operation)
  if (counted === null) return null
  if (counted.cost > maxCost) throw toTooExpensive(counted, maxCost)
  return { requested: counted.cost, limit: maxCost }
}

function count(schema: GraphQLSchema, { document, operation, variables }: CostedOperation): OperationCost | null {
  const known = fixedCosts.get(operation)
  if (known) return known
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, { maxErrors: 1 })
  if (!coerced) return null
  try {
    const counted = costOfOperation(schema, { document, operation, variables: coerced })
    if (!counted.dependsOnVariables) fixedCosts.set(operation, counted)
    if (counted.hasPages) pagedOperations.add(operation)
    return counted
  } catch (error) {
    if (error instanceof TooManySelections) throw refusal('The operation selects too many fields. Split it into several operations.')
    throw refusal(error instanceof Error ? error.message : 'The cost of the operation cannot be computed.', { cause: error })
  }
}

function toTooExpensive({ cost, largest }: OperationCost, limit: number): GraphQLError {
  const text = `The operation costs ${cost}, at most ${limit} is allowed.`
  const extensions = { cost: { requested: cost, limit, ...(largest && { field: largest.path.join('.'), fieldCost: largest.cost }) } }
  return refusal(largest === null ? text : `${text} ${toAdvice(largest)}`, { extensions })
}

function toAdvice({ path, cost, isPaged }: FieldCost): string {
  const change = isPaged ? 'Request a smaller page (first), or omit the field.' : 'Omit it, or split the operation into several.'
  return `The field ${path.join('.')} costs most (${cost}). ${change}`
}

function refusal(
  message: string,
  { extensions = {}, cause }: { readonly extensions?: object; readonly cause?: unknown } = {},
): GraphQLError {
  const options = { extensions: { code: 'BAD_USER_INPUT', ...extensions, http: { status: 400 } } }
  return new GraphQLError(message, cause instanceof Error ? { ...options, originalError: cause } : options)
}
