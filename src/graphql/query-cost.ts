import type { ApolloServerPlugin } from '@apollo/server'
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  getVariableValues,
  isLeafType,
  type OperationDefinitionNode,
} from 'graphql'
import { type ComplexityEstimator, fieldExtensionsEstimator, getComplexity } from 'graphql-query-complexity'
import type { RequestContext } from './context.js'

/** A value that came along with its object: a page of 1,000 fragments with all their fields costs about 1,500. */
const LEAF_COST = 0.1
const OBJECT_COST = 1

/** Refuses, before anything runs, an operation whose cost (see field-cost.ts) is more than `maxCost`. */
export function queryCostPlugin(maxCost: number): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ schema, document, operation, request }) {
          if (operation) checkCost(schema, { document, operation, variables: request.variables ?? {} }, maxCost)
        },
      }
    },
  }
}

/** Throws a GraphQLError when the operation costs more than `maxCost`. */
export function checkCost(schema: GraphQLSchema, operation: CostedOperation, maxCost: number): void {
  const cost = costOf(schema, operation)
  if (cost !== null && cost > maxCost) throw refusal(`The operation costs ${cost}, at most ${maxCost} is allowed.`)
}

export interface CostedOperation {
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
  readonly variables: Readonly<Record<string, unknown>>
}

/** Of operations whose cost no variable changes: clients send the same ones again and again (measured: 0.28 ms of a requestClip). */
const fixedCosts = new WeakMap<OperationDefinitionNode, number>()

/** Null when the variables do not fit: the executor says so better, and runs nothing. */
function costOf(schema: GraphQLSchema, { document, operation, variables }: CostedOperation): number | null {
  const known = fixedCosts.get(operation)
  if (known !== undefined) return known
  const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], variables, { maxErrors: 1 })
  if (coerced.errors) return null
  const alone = {
    ...document,
    definitions: document.definitions.filter((node) => node.kind !== 'OperationDefinition' || node === operation),
  }
  // Of the directives, two leave fields out.
  let isFixed = document.loc?.source.body.includes('@') === false
  const byField = countFields(() => {
    isFixed = false
  })
  try {
    const cost = Math.ceil(getComplexity({ schema, query: alone, variables, estimators: [byField, estimateByKind] }))
    if (isFixed) fixedCosts.set(operation, cost)
    return cost
  } catch (error) {
    // An argument that is null and may not be, or more nodes (fragments spread out) than are counted.
    throw refusal(error instanceof Error ? error.message : 'The cost of the operation cannot be told.', error)
  }
}

const fromExtensions = fieldExtensionsEstimator()

/** By what the fields say of themselves (see field-cost.ts); tells when one of them looks at its arguments. */
function countFields(onArguments: () => void): ComplexityEstimator {
  return ({ args, ...field }) =>
    fromExtensions({
      ...field,
      get args() {
        onArguments()
        return args
      },
    })
}

const estimateByKind: ComplexityEstimator = ({ field, childComplexity }) =>
  isLeafType(getNamedType(field.type)) ? LEAF_COST : OBJECT_COST + childComplexity

function refusal(message: string, cause?: unknown): GraphQLError {
  const options = { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } }
  return new GraphQLError(message, cause instanceof Error ? { ...options, originalError: cause } : options)
}
