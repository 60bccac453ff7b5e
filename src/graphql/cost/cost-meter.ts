import { type GraphQLSchema, getVariableValues } from 'graphql'
import { toClientKey } from '../../lib/client-address.js'
import { findClientAddress, findPrincipalId } from '../../lib/running-request.js'
import type { CostBudget, CostBudgets } from './cost-budgets.js'
import { type CostedOperation, costOfAnswer } from './operation-cost.js'
import { type CostReport, canCostLess } from './query-cost.js'

/** Charges operations to the client of the running request. */
export class CostMeter {
  constructor(private readonly budgets: CostBudgets) {}

  get budget(): CostBudget {
    return this.budgets.of(findClient())
  }

  /** Takes an estimate before the operation runs. @throws GatewayError RATE_LIMITED */
  charge(points: number): void {
    this.budgets.charge(findClient(), points)
  }

  /** Refunds the difference between the estimate and the cost of the response. */
  settle({ requested, limit }: CostReport, schema: GraphQLSchema, received: CostedOperation, data: unknown): CostReport {
    const actual = canCostLess(received.operation) ? Math.min(requested, measure(schema, received, data)) : requested
    this.budgets.refund(findClient(), requested - actual)
    return { requested, limit, actual, available: this.budget.available }
  }

  /** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). */
  headers(): readonly (readonly [name: string, value: string])[] {
    const { maximum, available, restoredPerSecond } = this.budget
    const fullInSeconds = Math.ceil((maximum - available) / restoredPerSecond)
    return [
      ['ratelimit-policy', `"cost";q=${maximum};w=60`],
      ['ratelimit', `"cost";r=${Math.max(0, available)};t=${fullInSeconds}`],
    ]
  }
}

function measure(schema: GraphQLSchema, { document, operation, variables }: CostedOperation, data: unknown): number {
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, { maxErrors: 1 })
  // Invalid variables are found before anything is read, so such an operation costs a point.
  return coerced ? Math.max(1, costOfAnswer(schema, { document, operation, variables: coerced }, data)) : 1
}

function findClient(): string {
  return findPrincipalId() || toClientKey(findClientAddress())
}
