import { type GraphQLSchema, getVariableValues } from 'graphql'
import { toClientKey } from '../../lib/client-address.js'
import { findClientAddress, findPrincipalId } from '../../lib/running-request.js'
import type { CostBudget, CostBudgets } from './cost-budgets.js'
import { type CostedOperation, costOfAnswer } from './operation-cost.js'
import { type CostReport, canCostLess } from './query-cost.js'

/** The variables are not coerced. */
export interface AnsweredOperation extends CostedOperation {
  readonly schema: GraphQLSchema
  readonly data: unknown
}

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

  /** Refunds the difference between the estimate and the cost of the response. Null without a whole response, which gets no refund. */
  settle({ requested, limit }: CostReport, answered: AnsweredOperation | null): CostReport {
    const actual = answered !== null && canCostLess(answered.operation) ? Math.min(requested, measure(answered)) : requested
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

function measure({ schema, document, operation, variables, data }: AnsweredOperation): number {
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, { maxErrors: 1 })
  if (!coerced) throw new RangeError('an operation with invalid variables has no whole response')
  return Math.max(1, costOfAnswer(schema, { document, operation, variables: coerced }, data))
}

function findClient(): string {
  return findPrincipalId() || toClientKey(findClientAddress())
}
